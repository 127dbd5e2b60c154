package bearer

import "sync"

// memory keeps at most so many values, and forgets those first that nobody asked for lately. Entries live in two
// generations: when the young one is full it becomes the old one, and what was old is forgotten.
type memory[K comparable, V any] struct {
	mu         sync.Mutex
	young, old map[K]V
	half       int // entries of one generation; 0 keeps nothing
}

// newMemory makes a memory of at most max values.
func newMemory[K comparable, V any](max int) *memory[K, V] {
	return &memory[K, V]{young: map[K]V{}, half: max / 2}
}

func (m *memory[K, V]) get(k K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.young[k]; ok {
		return v, true
	}
	v, ok := m.old[k]
	if ok {
		m.add(k, v)
	}
	return v, ok
}

func (m *memory[K, V]) put(k K, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.add(k, v)
}

func (m *memory[K, V]) add(k K, v V) {
	if m.half <= 0 {
		return
	}
	if len(m.young) >= m.half {
		m.old, m.young = m.young, make(map[K]V, m.half)
	}
	m.young[k] = v
}
