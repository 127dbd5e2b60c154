package realm

import (
	"iter"
	"maps"
)

// layered is a map that is cheap to copy: copies share a large base, and differ in a small layer over
// it. So an edit of a realm with n clients costs √n, and not n. The zero value is empty.
type layered[V any] struct {
	base map[string]V // shared, and never changed
	over map[string]layer[V]
}

// layer is what a key has instead of the base's value: another one, or none.
type layer[V any] struct {
	value V
	there bool
}

// get is the value of a key, or the zero value.
func (m *layered[V]) get(key string) V {
	if len(m.over) > 0 {
		if l, ok := m.over[key]; ok {
			return l.value
		}
	}
	return m.base[key]
}

func (m *layered[V]) put(key string, value V) {
	if m.over == nil {
		m.over = map[string]layer[V]{}
	}
	m.over[key] = layer[V]{value, true}
}

func (m *layered[V]) drop(key string) {
	if _, ok := m.base[key]; !ok {
		delete(m.over, key)
		return
	}
	if m.over == nil {
		m.over = map[string]layer[V]{}
	}
	m.over[key] = layer[V]{}
}

// all are the values, in no order.
func (m *layered[V]) all() iter.Seq[V] {
	return func(yield func(V) bool) {
		for _, l := range m.over {
			if l.there && !yield(l.value) {
				return
			}
		}
		for key, value := range m.base {
			if _, covered := m.over[key]; !covered && !yield(value) {
				return
			}
		}
	}
}

// clone is a copy that may be changed on its own. Once in a while it has a new base.
func (m *layered[V]) clone() layered[V] {
	if len(m.over)*len(m.over) <= len(m.base) {
		return layered[V]{m.base, maps.Clone(m.over)}
	}
	base := make(map[string]V, len(m.base)+len(m.over))
	maps.Copy(base, m.base)
	for key, l := range m.over {
		if l.there {
			base[key] = l.value
		} else {
			delete(base, key)
		}
	}
	return layered[V]{base: base}
}
