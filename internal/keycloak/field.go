package keycloak

import (
	"encoding/json"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// field binds a member of a representation to its place in a core value.
type field[T any] struct {
	name string
	get  func(*T) any // nil leaves the member out
	set  func(*T, json.RawMessage)
}

// into binds a member to a place that holds what the member holds.
func into[T, V any](name string, at func(*T) *V) field[T] {
	return field[T]{name,
		func(v *T) any { return *at(v) },
		func(v *T, data json.RawMessage) { *at(v) = Value[V](Object{name: data}, name) }}
}

// text binds a member that is left out where it is empty.
func text[T any](name string, at func(*T) *string) field[T] {
	f := into(name, at)
	f.get = func(v *T) any {
		if s := *at(v); s != "" {
			return s
		}
		return nil
	}
	return f
}

// flag binds a member that is left out where it is false.
func flag[T any](name string, at func(*T) *bool) field[T] {
	f := into(name, at)
	f.get = func(v *T) any {
		if *at(v) {
			return true
		}
		return nil
	}
	return f
}

// list binds a member that is an empty list where there is nothing.
func list[T any](name string, at func(*T) *[]string) field[T] {
	f := into(name, at)
	f.get = func(v *T) any {
		if l := *at(v); l != nil {
			return l
		}
		return []string{}
	}
	return f
}

// milliseconds binds a number of milliseconds.
func milliseconds[T any](name string, at func(*T) *time.Duration) field[T] {
	return field[T]{name,
		func(v *T) any { return at(v).Milliseconds() },
		func(v *T, data json.RawMessage) {
			*at(v) = time.Duration(Value[int64](Object{name: data}, name)) * time.Millisecond
		}}
}

// seconds binds a number of seconds.
func seconds[T any](name string, at func(*T) *time.Duration) field[T] {
	return field[T]{name,
		func(v *T) any { return int64(*at(v) / time.Second) },
		func(v *T, data json.RawMessage) {
			*at(v) = time.Duration(Value[int64](Object{name: data}, name)) * time.Second
		}}
}

// readFields takes what the fields bind from o into v. What they do not bind is left in rest, and so
// is the spelling of a member that they would not give back as it came.
func readFields[T any](fields []field[T], v *T, o Object) (rest Object) {
	rest = Object{}
	for name, data := range o {
		rest[name] = data
	}
	for _, f := range fields {
		data, ok := o[f.name]
		if !ok {
			continue
		}
		f.set(v, data)
		if back := f.get(v); back != nil && same(encode(back), data) {
			delete(rest, f.name)
		}
	}
	return rest
}

// writeFields gives the members that the fields bind, and those that were kept. A kept spelling of a
// bound member wins while it says what v says.
func writeFields[T any](fields []field[T], v *T, kept realm.Extra) Object {
	o := Object{}
	for name, data := range kept {
		o[name] = data
	}
	for _, f := range fields {
		now := f.get(v)
		if data, ok := o[f.name]; ok {
			scratch := *v
			f.set(&scratch, data)
			if was := f.get(&scratch); same(encode(was), encode(now)) {
				continue
			}
		}
		if now == nil {
			delete(o, f.name)
			continue
		}
		o.Put(f.name, now)
	}
	return o
}
