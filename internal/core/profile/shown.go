package profile

import "github.com/tokenhouse/tokenhouse/internal/core/user"

// Shown is an attribute as a form needs it.
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

// ShownToUser are the attributes that users see of themselves, or with nil when they make an account, while
// these client scopes are in play.
func (p *Profile) ShownToUser(u *user.User, scopes []string) []Shown {
	var out []Shown
	for _, a := range p.attributes {
		hidden := a.Selector != nil && len(a.Selector.Scopes) > 0 && !overlap(a.Selector.Scopes, scopes)
		if hidden || !p.readsManaged(a, User) {
			continue
		}
		out = append(out, Shown{a.Attribute, p.required(a, User, scopes), !p.writes(a, User, u == nil)})
	}
	return out
}
