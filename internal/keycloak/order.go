package keycloak

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
)

//go:embed order.txt
var orderText string

// order is what order.txt says of one representation.
type order struct {
	name    string
	sign    string // member that tells an object of this kind; empty where none does
	members []string
}

// orders are all of them, as they follow each other in the file.
var orders = sync.OnceValue(func() []order {
	var out []order
	for line := range strings.Lines(orderText) {
		line = strings.TrimRight(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] != ' ':
			name, sign, _ := strings.Cut(line, " ")
			out = append(out, order{name: name, sign: strings.Trim(sign, "()")})
		default:
			last := &out[len(out)-1]
			last.members = append(last.members, strings.Fields(line)...)
		}
	}
	return out
})

// InOrder gives representations that encode with their members in the order in which Keycloak has them, which is
// what people see who print an answer. Anything else than an Object or a list of them is given as it is.
func InOrder(v any) any {
	switch v := v.(type) {
	case Object:
		return ordered{v, orderOf(v)}
	case []Object:
		out := make([]ordered, len(v))
		for i, o := range v {
			out[i] = ordered{o, orderOf(o)}
		}
		return out
	}
	return v
}

// orderOf finds out what an object represents; nil where nothing tells.
func orderOf(o Object) *order {
	all := orders()
	for i := range all {
		if all[i].sign != "" && o.Has(all[i].sign) {
			return &all[i]
		}
	}
	return nil
}

func orderNamed(name string) *order {
	all := orders()
	i := slices.IndexFunc(all, func(d order) bool { return d.name == name })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// ordered is an object with the order of its members. Those that the order does not name come last, by name.
type ordered struct {
	object Object
	order  *order
}

// MarshalJSON encodes the members in order, and those within them that are representations themselves.
func (d ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	write := func(name string) {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.Write(encode(name))
		b.WriteByte(':')
		b.Write(d.member(name))
	}
	left := maps.Clone(d.object)
	if d.order != nil {
		for _, name := range d.order.members {
			if left.Has(name) {
				write(name)
				delete(left, name)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		write(name)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// member is a member's JSON.
func (d ordered) member(name string) json.RawMessage {
	data := d.object[name]
	if d.order == nil || schema()[d.order.name] == nil {
		return data
	}
	kind, list := strings.CutSuffix(schema()[d.order.name].members[name], "[]")
	inner := orderNamed(kind)
	if inner == nil {
		return data
	}
	if !list {
		var o Object
		if decode(data, &o) != nil || o == nil {
			return data
		}
		return encode(ordered{o, inner})
	}
	var objects []Object
	if decode(data, &objects) != nil || objects == nil {
		return data
	}
	out := make([]ordered, len(objects))
	for i, o := range objects {
		out[i] = ordered{o, inner}
	}
	return encode(out)
}
