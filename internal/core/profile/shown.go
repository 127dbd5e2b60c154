package profile

import "github.com/tokenhouse/tokenhouse/internal/core/user"

// Shown is an attribute as a form for administrators needs it.
type Shown struct {
	Attribute
	Required bool
	ReadOnly bool
}

// Shown are the attributes that administrators see of a user, or with nil of a new one.
func (p *Profile) Shown(u *user.User) []Shown {
	var out []Shown
	for _, a := range p.attributes {
		if p.readsManaged(a, Admin) {
			out = append(out, Shown{a.Attribute, p.required(a, Admin, nil), !p.writes(a, Admin, u == nil)})
		}
	}
	return out
}
