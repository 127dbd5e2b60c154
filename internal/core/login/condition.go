package login

import (
	"regexp"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Condition decides whether a part of a flow is run for somebody. One that cannot be read, or that names what the
// realm does not have, holds, negated or not: a mistake asks for too much rather than for too little.
type Condition struct {
	Kind   ConditionKind
	Name   string   // of the role, the attribute or the client scope
	Value  string   // of the attribute
	Kinds  []string // of credentials
	Groups bool     // attributes of the user's groups count, too
	Regex  bool     // Value is a regular expression, which the whole attribute has to match
	Not    bool     // it holds where it would not
}

// ConditionKind is what a condition looks at, as Keycloak names its authenticator.
type ConditionKind string

const (
	OnRole       ConditionKind = "conditional-user-role"
	OnAttribute  ConditionKind = "conditional-user-attribute"
	OnScope      ConditionKind = "conditional-client-scope"
	OnCredential ConditionKind = "conditional-credential"
)

// Facts are what conditions look at.
type Facts struct {
	Realm  *realm.Realm
	User   *user.User
	Scopes []string // names of the client scopes in play
	Passed []Factor // what the user proved in this attempt
}

// Holds tells whether a condition holds.
func (c *Condition) Holds(f *Facts) bool {
	is, readable := c.is(f)
	return !readable || is != c.Not
}

func (c *Condition) is(f *Facts) (is, readable bool) {
	switch c.Kind {
	case OnRole:
		role := roleNamed(f.Realm, c.Name)
		return role != nil && f.User.RolesIn(f.Realm).Has(role), role != nil
	case OnAttribute:
		return c.attribute(f.User)
	case OnScope:
		return slices.Contains(f.Scopes, c.Name), f.Realm.Scope(c.Name) != nil
	case OnCredential:
		return c.credential(f.Passed), true
	}
	return false, false
}

// roleNamed is a role by the name that settings have for it: that of a role of the realm, or client.role. Ids of
// clients have dots, too; nil where there is no such role.
func roleNamed(r *realm.Realm, name string) *realm.Role {
	for i := range name {
		if name[i] != '.' {
			continue
		}
		if role := r.Role(realm.RoleRef{Client: name[:i], Name: name[i+1:]}); i > 0 && role != nil {
			return role
		}
	}
	return r.Role(realm.RoleRef{Name: name})
}

// attribute tells whether one of the values of the user's attribute is the one looked for.
func (c *Condition) attribute(u *user.User) (is, readable bool) {
	same := func(value string) bool { return value == c.Value }
	if c.Regex {
		whole, err := regexp.Compile(`^(?:` + c.Value + `)$`)
		if err != nil {
			return false, false
		}
		same = whole.MatchString
	}
	is = slices.ContainsFunc(valuesOf(u, c.Name), same)
	if c.Groups {
		is = is || slices.ContainsFunc(u.Groups, func(g *realm.Group) bool { return slices.ContainsFunc(g.Attributes[c.Name], same) })
	}
	return is, c.Name != ""
}

// valuesOf are the values of an attribute; those that have a field of their own count as attributes.
func valuesOf(u *user.User, name string) []string {
	own := map[string]string{"username": u.Username, "email": u.Email, "firstName": u.FirstName, "lastName": u.LastName}
	if value, ok := own[name]; ok {
		return slices.DeleteFunc([]string{value}, func(v string) bool { return v == "" })
	}
	return u.Attributes[name]
}

// kindsOf are the kinds of credentials behind factors, as the settings of conditions name them.
var kindsOf = map[string]string{FactorPassword: "password", FactorOTP: "otp", FactorPasskey: "webauthn",
	FactorPasskeyOnly: "webauthn-passwordless", FactorRecovery: "recovery-authn-codes"}

// credential tells whether a credential of one of the kinds was used; the kind "none" is for who used none.
func (c *Condition) credential(passed []Factor) bool {
	used := false
	for _, f := range passed {
		kind, ok := kindsOf[f.Name]
		if ok && slices.Contains(c.Kinds, kind) {
			return true
		}
		used = used || ok
	}
	return !used && slices.Contains(c.Kinds, "none")
}

// ReadKinds reads the kinds of credentials in a setting.
func ReadKinds(setting string) []string {
	return slices.DeleteFunc(strings.Split(setting, "##"), func(kind string) bool { return kind == "" })
}
