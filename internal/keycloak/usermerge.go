package keycloak

import (
	"maps"

	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// ProfileAttributes are what the representation of a user says of the profile. The user's fields count before what
// attributes say under their names, and of username and address nothing else does.
func ProfileAttributes(o Object) profile.Attributes {
	all := profile.Attributes{}
	maps.Copy(all, Value[map[string][]string](o, "attributes"))
	for _, name := range []string{profile.Username, profile.Email, profile.FirstName, profile.LastName} {
		switch {
		case o.Has(name):
			all[name] = []string{o.Text(name)}
		case name == profile.Username || name == profile.Email:
			delete(all, name)
		}
	}
	return all
}

// MergeUser changes what a representation says of a user beside the profile: whether the account is enabled, the
// address verified, and from where it comes.
func MergeUser(u *user.User, o Object) {
	if o.Has("enabled") {
		u.Enabled = Value[bool](o, "enabled")
	}
	if o.Has("emailVerified") {
		u.EmailVerified = Value[bool](o, "emailVerified")
	}
	if link, ok := o["federationLink"]; ok {
		extra := maps.Clone(u.Extra)
		if extra == nil {
			extra = realm.Extra{}
		}
		extra["federationLink"] = link
		u.Extra = extra
	}
}

// Links are the federated identities that the representation of a user brings.
func Links(o Object) []user.Link {
	var out []user.Link
	for _, l := range federatedIdentities(o) {
		out = append(out, ToLink(l.Text("identityProvider"), l))
	}
	return out
}

// ToLink reads a federated identity at a provider.
func ToLink(alias string, o Object) user.Link {
	return user.Link{Provider: alias, Subject: o.Text("userId"), Username: o.Text("userName")}
}

// FromLink is the representation of a federated identity.
func FromLink(l user.Link) Object {
	o := Object{}
	o.Put("identityProvider", l.Provider)
	o.putText("userId", l.Subject)
	o.putText("userName", l.Username)
	return o
}
