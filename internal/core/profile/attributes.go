package profile

import (
	"maps"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Attributes are all that a profile holds: a user's attributes, and the fields by the names they have as
// attributes.
type Attributes map[string][]string

// Of are a user's attributes and fields.
func Of(u *user.User) Attributes {
	all := Attributes{}
	maps.Copy(all, u.Attributes)
	for name, value := range fields(u) {
		delete(all, name)
		if *value != "" {
			all[name] = []string{*value}
		}
	}
	return all
}

// WriteTo makes these the attributes and fields of a user.
func (a Attributes) WriteTo(u *user.User) {
	u.Attributes = map[string][]string{}
	into := fields(u)
	for _, field := range into {
		*field = ""
	}
	for name, values := range a {
		switch field, ok := into[name]; {
		case len(values) == 0:
		case ok:
			*field = values[0]
		default:
			u.Attributes[name] = values
		}
	}
	if len(u.Attributes) == 0 {
		u.Attributes = nil
	}
}

func fields(u *user.User) map[string]*string {
	return map[string]*string{Username: &u.Username, Email: &u.Email, FirstName: &u.FirstName, LastName: &u.LastName}
}

// First is the first value of an attribute, or "".
func (a Attributes) First(name string) string {
	if values := a[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// filled are the values that are not blank.
func filled(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return strings.TrimSpace(v) == "" })
}

// sameValues tells whether two lists hold the same values, in any order and blank ones aside.
func sameValues(a, b []string) bool {
	a, b = filled(a), filled(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}
