package store

import (
	"hash/maphash"
	"sync"

	"github.com/maypok86/otter/v2"
)

// cache is a bounded cache that never keeps what was dropped while it was being read: a reader that
// was slower than a change cannot put back what was there before.
type cache[K comparable, V any] struct {
	entries *otter.Cache[K, V]
	seed    maphash.Seed
	stripes [64]stripe
}

// stripe guards the keys that fall to it.
type stripe struct {
	sync.Mutex
	drops uint64 // how often something was dropped
}

func newCache[K comparable, V any](most int) *cache[K, V] {
	return &cache[K, V]{
		entries: otter.Must(&otter.Options[K, V]{MaximumSize: most}),
		seed:    maphash.MakeSeed(),
	}
}

func (c *cache[K, V]) get(key K) (V, bool) { return c.entries.GetIfPresent(key) }

// load reads a value and keeps it, unless it was dropped meanwhile.
func (c *cache[K, V]) load(key K, read func() (V, error)) (V, error) {
	s := c.stripe(key)
	s.Lock()
	drops := s.drops
	s.Unlock()
	v, err := read()
	if err != nil {
		return v, err
	}
	s.Lock()
	defer s.Unlock()
	if s.drops == drops {
		c.entries.Set(key, v)
	}
	return v, nil
}

// drop forgets a value, since it changed.
func (c *cache[K, V]) drop(key K) {
	s := c.stripe(key)
	s.Lock()
	defer s.Unlock()
	s.drops++
	c.entries.Invalidate(key)
}

// change replaces a value that is there; whoever is reading it must not keep what they read.
func (c *cache[K, V]) change(key K, with func(V) V) {
	s := c.stripe(key)
	s.Lock()
	defer s.Unlock()
	s.drops++
	if v, ok := c.entries.GetIfPresent(key); ok {
		c.entries.Set(key, with(v))
	}
}

// clear forgets everything.
func (c *cache[K, V]) clear() {
	for i := range c.stripes {
		c.stripes[i].Lock()
		c.stripes[i].drops++
	}
	c.entries.InvalidateAll()
	for i := range c.stripes {
		c.stripes[i].Unlock()
	}
}

func (c *cache[K, V]) stripe(key K) *stripe {
	return &c.stripes[maphash.Comparable(c.seed, key)%uint64(len(c.stripes))]
}
