package permit

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// MayShape tells whether the administrator may make, rename, change or remove a role like this. Rights go
// by the names of the roles of management clients: whoever could give a role of theirs another name could
// give themselves other rights. So only who has all the rights that a client's roles give may.
func (a *Administrator) MayShape(target *realm.Realm, role *realm.Role) bool {
	if role.Client == "" {
		return !powerful(target, role) || a.has(target, target.Role(realm.RoleRef{Name: role.Name}))
	}
	return !slices.ContainsFunc(target.RolesOf(role.Client), func(other *realm.Role) bool {
		return powerful(target, other) && !a.MayGrant(target, other)
	})
}

// MayName tells whether the administrator may give a client of the realm this client_id. Rights go by the
// client_ids of management clients: with one ready for a realm that somebody else makes, its roles would be
// rights in that realm.
func (a *Administrator) MayName(target *realm.Realm, clientID string) bool {
	switch {
	case !target.Manages(clientID):
		return true
	case target.Name == realm.Master:
		return a.CreatesRealms()
	}
	return a.RightsIn(target) == All
}

// MayJoin tells whether the administrator may put somebody into groups, or groups below them: the roles of
// the groups become theirs. All groups above must be among them.
func (a *Administrator) MayJoin(target *realm.Realm, groups []*realm.Group) bool {
	for _, g := range groups {
		for _, key := range g.Roles {
			if role := target.RoleByKey(key); role != nil && !a.MayGrant(target, role) {
				return false
			}
		}
	}
	return true
}
