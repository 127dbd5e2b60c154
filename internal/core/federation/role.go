package federation

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// test tells whether a mapper is for the person.
type test func(*Person, *Mapper) bool

func always(*Person, *Mapper) bool { return true }

// hasClaim: one claim has a value.
func hasClaim(p *Person, m *Mapper) bool {
	want, ok := m.Config["claim.value"]
	return ok && m.Config["claim"] != "" && equals(want, p.claim(m.Config["claim"]))
}

// hasClaims: all claims have their values. A mapper without conditions is for nobody.
func hasClaims(p *Person, m *Mapper) bool {
	all := m.conditions()
	for _, c := range all {
		if !c.holds(p.claim(c.Key), m.on("are.claim.values.regex")) {
			return false
		}
	}
	return len(all) > 0
}

// hasRole: the access token of a Keycloak, or of a server like this, has a role.
func hasRole(p *Person, m *Mapper) bool {
	role := m.Config["external.role"]
	path := []string{"realm_access", "roles"}
	if dot := strings.LastIndexByte(role, '.'); dot >= 0 {
		path, role = []string{"resource_access", role[:dot], "roles"}, role[dot+1:]
	}
	return role != "" && equals(role, p.Answer.AccessToken.Get(path...))
}

// grant gives the mapper's role to whom the test is true of.
func grant(is test) func(*adoption, *Mapper) {
	return func(a *adoption, m *Mapper) {
		if role := a.role(m); role != nil && is(&a.Person, m) {
			a.grantRole(m, role)
		}
	}
}

// toggle gives the mapper's role to whom the test is true of, and takes it from others, unless a mapper before
// this one gave it.
func toggle(is test) func(*adoption, *Mapper) {
	return func(a *adoption, m *Mapper) {
		role := a.role(m)
		switch {
		case role == nil || a.granted[role]:
		case is(&a.Person, m):
			a.granted[role] = true
			a.grantRole(m, role)
		default:
			a.withdrawRole(m, role)
		}
	}
}

// withdraw takes the mapper's role from whom the test is false of.
func withdraw(is test) func(*adoption, *Mapper) {
	return func(a *adoption, m *Mapper) {
		if role := a.role(m); role != nil && !is(&a.Person, m) {
			a.withdrawRole(m, role)
		}
	}
}

// grantRole takes back that a mapper before withdrew the role: one that is for the person counts.
func (a *adoption) grantRole(m *Mapper, role *realm.Role) {
	a.Withdraw = slices.DeleteFunc(a.Withdraw, func(r *realm.Role) bool { return r == role })
	if slices.Contains(a.User.Roles, role.Key) || slices.Contains(a.Grant, role) {
		return
	}
	a.Grant = append(a.Grant, role)
	a.Trace.Add(explain.ProviderRole, explain.Added, a.Realm.Ref(role).String(), m.Name)
}

func (a *adoption) withdrawRole(m *Mapper, role *realm.Role) {
	a.Grant = slices.DeleteFunc(a.Grant, func(r *realm.Role) bool { return r == role })
	if !slices.Contains(a.User.Roles, role.Key) || slices.Contains(a.Withdraw, role) {
		return
	}
	a.Withdraw = append(a.Withdraw, role)
	a.Trace.Add(explain.ProviderRole, explain.Dropped, a.Realm.Ref(role).String(), m.Name)
}

// role is the one that a mapper names. Nil where there is none, which the trace says.
func (a *adoption) role(m *Mapper) *realm.Role {
	role := m.Role(a.Realm)
	if role == nil {
		a.Trace.Add(explain.ProviderRole, explain.None, m.Config["role"], m.Name)
	}
	return role
}

// Role is the role that the mapper's configuration names, as "customer" or "orders.read", or nil; a client_id may
// have dots of its own. Who writes such a mapper gives people the role.
func (m *Mapper) Role(r *realm.Realm) *realm.Role {
	name := m.Config["role"]
	for dot := strings.LastIndexByte(name, '.'); dot > 0; dot = strings.LastIndexByte(name[:dot], '.') {
		if role := r.Role(realm.RoleRef{Client: name[:dot], Name: name[dot+1:]}); role != nil {
			return role
		}
	}
	return r.Role(realm.RoleRef{Name: name})
}
