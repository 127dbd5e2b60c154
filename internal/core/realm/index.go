package realm

import (
	"cmp"
	"slices"
)

// item is what an index holds: things with a key and a name that is unique in the realm.
type item interface {
	key() string
	name() string
}

// index finds things of one kind by key and by name.
type index[T any] struct {
	byKey  layered[*T]
	byName layered[*T]
}

func (x *index[T]) keyed(key string) *T  { return x.byKey.get(key) }
func (x *index[T]) named(name string) *T { return x.byName.get(name) }

func (x *index[T]) sorted() []*T {
	return slices.SortedFunc(x.byKey.all(), func(a, b *T) int {
		return cmp.Compare(any(a).(item).name(), any(b).(item).name())
	})
}

func (x *index[T]) put(v *T) {
	it := any(v).(item)
	x.drop(it.key())
	x.byKey.put(it.key(), v)
	x.byName.put(it.name(), v)
}

func (x *index[T]) drop(key string) {
	old := x.keyed(key)
	if old == nil {
		return
	}
	if name := any(old).(item).name(); x.named(name) == old { // another may have taken the name
		x.byName.drop(name)
	}
	x.byKey.drop(key)
}

func (x *index[T]) clone() index[T] {
	return index[T]{x.byKey.clone(), x.byName.clone()}
}
