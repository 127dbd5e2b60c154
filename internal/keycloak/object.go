package keycloak

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Object is a representation: its members as they stand in JSON. A member that is null is absent.
//
// The functions of this package take objects that Check has accepted, so that each member has the
// type that Keycloak gives it.
type Object map[string]json.RawMessage

// Value is the member of this name, or T's zero value where it is absent.
func Value[T any](o Object, name string) T {
	var v T
	if data, ok := o[name]; ok {
		_ = json.Unmarshal(data, &v) // Check has seen that it fits
	}
	return v
}

// Has tells whether the object has the member.
func (o Object) Has(name string) bool {
	_, ok := o[name]
	return ok
}

// Text is a member that is a string.
func (o Object) Text(name string) string { return Value[string](o, name) }

// Put sets a member.
func (o Object) Put(name string, value any) { o[name] = encode(value) }

// encode is JSON without the escapes that are only of use inside HTML.
func encode(v any) json.RawMessage {
	if data, ok := v.(json.RawMessage); ok {
		return data
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("keycloak: " + err.Error()) // strings, numbers, lists and maps of them always encode
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// same tells whether two values mean the same in JSON.
func same(a, b json.RawMessage) bool {
	if bytes.Equal(a, b) {
		return true
	}
	var x, y any
	if decode(a, &x) != nil || decode(b, &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}

// decode keeps numbers as they are written.
func decode(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(v)
}

// keptWith is what was kept, with those of the members that o has as o has them.
func keptWith(kept, o Object, members ...string) Object {
	out := make(Object, len(kept)+len(members))
	maps.Copy(out, kept)
	for _, name := range members {
		if data, ok := o[name]; ok {
			out[name] = data
		}
	}
	return out
}

// keep is what stays in Extra; nil where nothing does.
func keep(o Object) realm.Extra {
	if len(o) == 0 {
		return realm.Extra{}
	}
	return realm.Extra(o)
}
