package login

import (
	"maps"
	"time"
)

// Standing is where an attempt stands among the choices and levels of a plan.
type Standing struct {
	Plan    Plan
	Attempt *Attempt
	Open    []Open  // the choices that are the user's, in order
	Wanted  int     // level that is asked for; 0: none
	Held    Reached // levels of the session that the attempt's user was taken from, or would be
	Now     time.Time
}

// Open is a choice as it is for one user.
type Open struct {
	Choice
	Has []string // those of its ways that the user has
}

// For are the choices of a plan whose conditions hold. has tells whether the user has a factor.
func (p *Plan) For(f *Facts, has func(factor string) (bool, error)) ([]Open, error) {
	var out []Open
	for _, c := range p.Choices {
		if !c.holds(f) {
			continue
		}
		o := Open{Choice: c}
		for _, way := range c.Ways {
			ok, err := has(way)
			if err != nil {
				return nil, err
			}
			if ok {
				o.Has = append(o.Has, way)
			}
		}
		out = append(out, o)
	}
	return out, nil
}

func (c *Choice) holds(f *Facts) bool {
	for i := range c.If {
		if !c.If[i].Holds(f) {
			return false
		}
	}
	return true
}

// base is the level that nobody signs in below: what the first part of the flow that gives a level gives.
func (p *Plan) base() int {
	if len(p.Levels) == 0 {
		return 0
	}
	return p.Levels[0].Number
}

// asks tells whether a choice is asked for. Of who signs in anew it is unless its level is more than was asked for; of
// whom a session says who they are, where its level is asked for and the session has it no more.
func (s *Standing) asks(o *Open) bool {
	if s.Attempt.Session == "" {
		return o.Level <= max(s.Wanted, s.Plan.base())
	}
	return o.Level > 0 && o.Level <= s.Wanted && !s.Plan.keeps(s.Held, o.Level, s.Now)
}

// done tells whether a choice was made, in this attempt. A passkey in the place of a password makes those that stand
// for no level: it is something that one has, and its authenticator made sure of who has it.
func (s *Standing) done(o *Open) bool {
	return s.Attempt.settled(o.Ways) || o.Level == 0 && s.Attempt.Has(FactorPasskeyOnly)
}

// Owed are the ways from which the user still has to choose, in order, and those choices of which they have no factor
// and must have one.
func (s *Standing) Owed() (ways [][]string, lacking []Choice) {
	for i := range s.Open {
		o := &s.Open[i]
		switch {
		case !s.asks(o) || s.done(o):
		case len(o.Has) > 0:
			ways = append(ways, o.Has)
		case o.Must:
			lacking = append(lacking, o.Choice)
		}
	}
	return ways, lacking
}

// Gained are the levels that this attempt gives: that of the way in, and those whose choices were asked for and made.
// Where one of a level is still owed it is not reached.
func (s *Standing) Gained() []int {
	var out []int
	a := s.Attempt
	if a.Session == "" && s.Plan.Entry > 0 && (a.Has(FactorPassword) || a.Has(FactorPasskeyOnly)) {
		out = append(out, s.Plan.Entry)
	}
	made, missing := map[int]bool{}, map[int]bool{}
	for i := range s.Open {
		o := &s.Open[i]
		switch {
		case o.Level == 0 || !s.asks(o):
		case s.done(o):
			made[o.Level] = true
		case len(o.Has) > 0 || o.Must:
			missing[o.Level] = true
		}
	}
	for level := range made {
		if !missing[level] && level != s.Plan.Entry {
			out = append(out, level)
		}
	}
	if missing[s.Plan.Entry] {
		return nil
	}
	return out
}

// Reached are the levels of the session after this attempt, and level the one that the client is told: of who signed
// in anew the highest that they reached doing so, of others the highest that their session has; -1: none.
func (s *Standing) Reached() (all Reached, level int) {
	all = maps.Clone(s.Held)
	if all == nil {
		all = Reached{}
	}
	level = -1
	if s.Attempt.Session != "" {
		level = s.Plan.Highest(s.Held, s.Now)
	}
	for _, gained := range s.Gained() {
		all[gained] = s.Now.Unix()
		level = max(level, gained)
	}
	return all, level
}

// WantAll lets an attempt want all levels that the plan gives.
func (s *Standing) WantAll() {
	for _, l := range s.Plan.Levels {
		s.Wanted = max(s.Wanted, l.Number)
	}
}

// Raise lets an attempt in which the application starts the setup of a factor want the level that the factor is for,
// of users who have one for that level: nobody gives themselves a second one by what they proved without the first.
func (s *Standing) Raise(factor string) {
	for i := range s.Open {
		o := &s.Open[i]
		for _, way := range o.Ways {
			if way == factor && len(o.Has) > 0 {
				s.Wanted = max(s.Wanted, o.Level)
			}
		}
	}
}
