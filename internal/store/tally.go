package store

import (
	"fmt"
	"sync"

	"github.com/maypok86/otter/v2"
)

// tallies remember how many users of each range fulfil the conditions of a query, so that a page far down
// the list of many, or their number, is found without looking at all of them every time. A number holds as
// long as no user of the range changes, which the range tells: tallies may be thrown away, and are never
// wrong.
type tallies struct{ entries *otter.Cache[string, *tally] }

// mostTallies is how many queries are remembered. For a million users one takes 100 KB.
const mostTallies = 50

func newTallies() *tallies {
	return &tallies{otter.Must(&otter.Options[string, *tally]{MaximumSize: mostTallies})}
}

// of is the tally of a query with these conditions, the realm among them.
func (t *tallies) of(c *conditions) *tally {
	key := fmt.Sprintf("%s %#v", c, c.args)
	if known, ok := t.entries.GetIfPresent(key); ok {
		return known
	}
	kept, _ := t.entries.SetIfAbsent(key, &tally{numbers: map[string]numberOf{}})
	return kept
}

// tally is how many users there are of each range.
type tally struct {
	mu      sync.Mutex
	numbers map[string]numberOf // by low
}

// numberOf is a number of users of a range, from low to high, as it was after so many changes.
type numberOf struct {
	high    string
	changes int64
	n       int
}

func (t *tally) of(r userRange) (n int, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known, ok := t.numbers[r.low]
	return known.n, ok && known.changes == r.changes && known.high == r.high
}

func (t *tally) learn(r userRange, n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.numbers[r.low] = numberOf{r.high, r.changes, n}
}
