package bearer

import (
	"errors"
	"sync"
	"time"
)

// replays remembers names for as long as a proof is good. Names live in two generations, each as long as that: what is old
// is forgotten when the young one becomes the old.
type replays struct {
	life time.Duration
	half int // names of one generation

	mu         sync.Mutex
	began      time.Time // of the young generation
	young, old map[string]bool
}

var errFull = errors.New("more proofs than can be remembered")

func newReplays(max int, life time.Duration) *replays {
	return &replays{life: life, half: max / 2, young: map[string]bool{}}
}

// seen notes a name, and tells whether it was noted before. It fails where there are too many: to forget one early would let it
// be used again.
func (p *replays) seen(name string, now time.Time) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch age := now.Sub(p.began); {
	case age >= 2*p.life:
		p.began, p.young, p.old = now, map[string]bool{}, nil
	case age >= p.life:
		p.began, p.young, p.old = now, map[string]bool{}, p.young
	}
	if p.young[name] || p.old[name] {
		return true, nil
	}
	if len(p.young) >= p.half {
		return false, errFull
	}
	p.young[name] = true
	return false, nil
}
