package limit

import (
	"sync"
	"time"
)

// Guesses keeps whoever guesses at secrets, or does something else that many could not bear, from doing so often. It
// counts on one node; the zero value allows
// nothing, and it must not be copied.
type Guesses struct {
	Most int           // wrong guesses, or tries, in about Span
	Span time.Duration // after which they are forgotten
	Now  func() time.Time

	lock     sync.Mutex
	began    time.Time // of the current span
	current  map[string]int
	previous map[string]int
}

// maxGuessers is how many are counted in a span. With more of them all are forgotten that are counted then:
// memory is worth more.
const maxGuessers = 100_000

// Allow tells whether somebody may guess, by what they are known by.
func (g *Guesses) Allow(who string) bool {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.turn()
	return g.current[who]+g.previous[who] < g.Most
}

// Failed counts a wrong guess.
func (g *Guesses) Failed(who string) {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.turn()
	g.count(who)
}

func (g *Guesses) count(who string) {
	if g.current == nil || len(g.current) >= maxGuessers {
		g.current = map[string]int{}
	}
	g.current[who]++
}

// Take counts a try whatever comes of it, and tells whether it is one of those that may be.
func (g *Guesses) Take(who string) bool {
	g.lock.Lock()
	defer g.lock.Unlock()
	g.turn()
	if g.current[who]+g.previous[who] >= g.Most {
		return false
	}
	g.count(who)
	return true
}

// turn begins another span where the current one is over.
func (g *Guesses) turn() {
	now := g.Now()
	switch age := now.Sub(g.began); {
	case age >= 2*g.Span:
		g.previous, g.current, g.began = nil, nil, now
	case age >= g.Span:
		g.previous, g.current, g.began = g.current, nil, g.began.Add(g.Span)
	}
}
