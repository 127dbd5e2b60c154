package keycloak

import (
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// briefFields are the members of a user that lists show when they are asked to be brief.
var briefFields = bound(userFields, "id", "username", "email", "emailVerified", "firstName", "lastName", "enabled", "createdTimestamp")

// bound are the fields of these names.
func bound[T any](fields []field[T], names ...string) []field[T] {
	var out []field[T]
	for _, name := range names {
		for _, f := range fields {
			if f.name == name {
				out = append(out, f)
			}
		}
	}
	return out
}

// BriefUser is the short representation of a user.
func BriefUser(u *user.User) Object { return writeFields(briefFields, u, nil) }

// ShownUser is the representation of a user as administrators see it: no credentials, roles or groups.
// Attributes are those that the reader may see; otp tells whether the user has a one-time code device.
func ShownUser(u *user.User, attributes map[string][]string, otp bool) Object {
	o := writeFields(userFields, u, nil)
	for _, name := range []string{"federationLink", "self", "origin"} {
		if value, ok := u.Extra[name]; ok {
			o[name] = value
		}
	}
	if len(attributes) > 0 {
		o.Put("attributes", attributes)
	}
	o.Put("totp", otp)
	o.Put("disableableCredentialTypes", []string{})
	o.Put("requiredActions", append([]string{}, u.RequiredActions...))
	return o
}
