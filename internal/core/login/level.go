package login

import (
	"encoding/json"
	"math"
	"time"
)

// Level is a level of assurance that a part of a flow gives (OpenID Connect Core §2, "acr").
type Level struct {
	Number int           // at least 1
	Age    time.Duration // for how long a session keeps it; zero: for the one request
}

// Reached are the levels that a session's user reached, and when: Unix seconds.
type Reached map[int]int64

// ReadReached reads what String wrote. What is not readable is no level.
func ReadReached(text string) Reached {
	var r Reached
	if json.Unmarshal([]byte(text), &r) != nil {
		return nil
	}
	return r
}

// String is the form in which sessions keep levels, which is Keycloak's.
func (r Reached) String() string {
	text, _ := json.Marshal(r) // numbers by numbers can be written
	return string(text)
}

// keeps tells whether a session still has a level.
func (p *Plan) keeps(held Reached, level int, now time.Time) bool {
	at, ok := held[level]
	age := p.age(level)
	return ok && at <= now.Unix() && now.Unix()-at < int64(age.Seconds())
}

// age is for how long a level is kept; of several parts that give it the shortest. One that the plan does not have is
// not kept.
func (p *Plan) age(level int) time.Duration {
	age, found := time.Duration(math.MaxInt64), false
	for _, l := range p.Levels {
		if l.Number == level {
			age, found = min(age, l.Age), true
		}
	}
	if !found {
		return 0
	}
	return age
}

// Highest is the highest level that a session still has; -1: none.
func (p *Plan) Highest(held Reached, now time.Time) int {
	highest := -1
	for level := range held {
		if p.keeps(held, level, now) {
			highest = max(highest, level)
		}
	}
	return highest
}

// StepsUp tells whether who lacks a level is asked for what that level takes, and not for all: the session still has
// what the way in gives.
func (p *Plan) StepsUp(held Reached, now time.Time) bool {
	return len(p.Levels) > 0 && (p.Entry == 0 || p.keeps(held, p.Entry, now))
}
