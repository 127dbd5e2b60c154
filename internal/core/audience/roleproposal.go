package audience

import (
	"fmt"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// giveRole gives the user a role of the target, or one that brings a scope into play that names it.
func (f *fixer) giveRole() []change {
	if f.q.User == nil {
		return nil
	}
	var out []change
	for _, role := range f.roles() {
		out = append(out, f.give(role))
	}
	return out
}

// mapRole lets the client carry a role of the target that the user has.
func (f *fixer) mapRole() []change {
	if f.q.Client.FullScope || f.target == nil || f.q.User == nil {
		return nil
	}
	var out []change
	held := f.q.User.RolesIn(f.q.Realm)
	for _, role := range f.q.Realm.RolesOf(f.target.Key) {
		if held.Has(role) {
			out = append(out, f.mapping(role))
		}
	}
	return out
}

// giveAndMapRole does both, where neither is enough.
func (f *fixer) giveAndMapRole() []change {
	if f.q.Client.FullScope || f.target == nil || f.q.User == nil || len(f.mapRole()) > 0 {
		return nil
	}
	var out []change
	for _, role := range f.q.Realm.RolesOf(f.target.Key) {
		if give := f.give(role); !f.try(give) {
			out = append(out, give.and(f.mapping(role)))
		}
	}
	return out
}

// mostRoles is how many roles of a client are looked at.
const mostRoles = 20

// roles are those of the target that the user lacks, and those that bring its scopes into play.
func (f *fixer) roles() []*realm.Role {
	var keys []string
	if f.target != nil {
		for _, role := range f.q.Realm.RolesOf(f.target.Key) {
			keys = append(keys, role.Key)
		}
	}
	for _, key := range slices.Concat(f.q.Client.DefaultScopes, f.q.Client.OptionalScopes) {
		if s := f.q.Realm.ScopeByKey(key); s != nil && f.helps(s) {
			keys = append(keys, s.ScopeMappings...)
		}
	}
	held := f.q.User.RolesIn(f.q.Realm)
	var out []*realm.Role
	for _, key := range keys {
		role := f.q.Realm.RoleByKey(key)
		if role != nil && !held.Has(role) && !slices.Contains(out, role) && len(out) < mostRoles {
			out = append(out, role)
		}
	}
	return out
}

func (f *fixer) give(role *realm.Role) change {
	ref := f.q.Realm.Ref(role)
	return change{
		sentence: fmt.Sprintf("give %s role %s", f.q.User.Username, ref),
		commands: []string{explain.AddRole(f.q.Realm.Name, f.q.User.Username, ref.Client, ref.Name)},
		apply:    func(t *trial) { t.give(role) },
	}
}

func (f *fixer) mapping(role *realm.Role) change {
	c := f.q.Client
	return change{
		sentence: fmt.Sprintf("let client %s carry role %s by a scope mapping", c.ID, f.q.Realm.Ref(role)),
		commands: []string{explain.MapRole(f.q.Realm.Name, c.Key, role.Client, role.Key, role.Name)},
		apply: func(t *trial) {
			t.editClient(c.Key, func(c *realm.Client) { c.ScopeMappings = append(slices.Clip(c.ScopeMappings), role.Key) })
		},
	}
}
