package realm

import (
	"cmp"
	"maps"
	"slices"
)

// item is what an index holds: things with a key and a name that is unique in the realm.
type item interface {
	key() string
	name() string
}

// index finds things of one kind by key and by name.
type index[T any] struct {
	byKey  map[string]*T
	byName map[string]*T
}

func (x index[T]) named(name string) *T { return x.byName[name] }

func (x index[T]) sorted() []*T {
	return slices.SortedFunc(maps.Values(x.byKey), func(a, b *T) int {
		return cmp.Compare(any(a).(item).name(), any(b).(item).name())
	})
}

func (x *index[T]) put(v *T) {
	if x.byKey == nil {
		x.byKey, x.byName = map[string]*T{}, map[string]*T{}
	}
	it := any(v).(item)
	x.drop(it.key())
	x.byKey[it.key()] = v
	x.byName[it.name()] = v
}

func (x *index[T]) drop(key string) {
	old := x.byKey[key]
	if old == nil {
		return
	}
	if name := any(old).(item).name(); x.byName[name] == old { // another may have taken the name
		delete(x.byName, name)
	}
	delete(x.byKey, key)
}

func (x index[T]) clone() index[T] {
	return index[T]{byKey: maps.Clone(x.byKey), byName: maps.Clone(x.byName)}
}
