package authorize

import (
	"slices"
)

// parameters are those of a request, in their order.
type parameters []Field

// get is the first value of a parameter, or nil.
func (p parameters) get(name string) *string {
	for i := range p {
		if p[i].Name == name {
			return &p[i].Value
		}
	}
	return nil
}

// text is the first value of a parameter, or "".
func (p parameters) text(name string) string {
	if v := p.get(name); v != nil {
		return *v
	}
	return ""
}

func (p parameters) count(name string) (n int) {
	for i := range p {
		if p[i].Name == name {
			n++
		}
	}
	return n
}

// repeated tells whether a parameter came more than once, known or not (RFC 6749 §3.1).
func (p parameters) repeated() bool {
	return slices.ContainsFunc(p, func(f Field) bool { return p.count(f.Name) > 1 })
}
