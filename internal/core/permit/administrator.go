package permit

import (
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Administrator is somebody who calls the administration API: where they signed in, through which client,
// and what they may do.
type Administrator struct {
	Realm  *realm.Realm // that they signed in at
	Client *realm.Client
	User   *user.User

	// Session is the one in which they signed in; empty for a token without, as of a service account.
	Session string

	// Roles are those that the user has now and that the token may carry, with all that these include.
	Roles *realm.RoleSet
}

// RightsIn are the administrator's rights in a realm: those of the master realm have them by roles of the
// client "<realm>-realm" there, others in their own realm only, by roles of "realm-management".
func (a *Administrator) RightsIn(target *realm.Realm) Rights {
	var rights Rights
	client := a.management(target)
	if client == nil {
		return 0
	}
	for _, role := range a.Realm.RolesOf(client.Key) {
		if a.Roles.Has(role) {
			rights |= named[role.Name]
		}
	}
	return rights
}

// management is the client whose roles the administrator's rights in a realm are; nil where there is none.
func (a *Administrator) management(target *realm.Realm) *realm.Client {
	switch {
	case a.Realm.Name == realm.Master:
		return a.Realm.Client(realm.ManagementClient(target.Name))
	case a.Realm.Key == target.Key:
		return a.Realm.Client(realm.OwnManagementClient(target.Name))
	}
	return nil
}

// CreatesRealms tells whether the administrator may make new realms.
func (a *Administrator) CreatesRealms() bool {
	role := a.Realm.Role(realm.RoleRef{Name: createRealm})
	return a.Realm.Name == realm.Master && role != nil && a.Roles.Has(role)
}

// Roles of the master realm.
const (
	createRealm = "create-realm" // lets its holders make realms
	admin       = "admin"        // gets all rights in each new realm
)

// MayGrant tells whether the administrator may give a role of the realm to somebody, or take it away:
// where it gives rights, itself or by what it includes, only who has the same rights may.
func (a *Administrator) MayGrant(target *realm.Realm, role *realm.Role) bool {
	var all realm.RoleSet
	target.Expand(&all, role.Key)
	rights := a.RightsIn(target)
	for _, r := range all.All() {
		if !powerful(target, r) || a.has(target, r) {
			continue
		}
		if !ofRealm(target, r) || named[r.Name]&^rights != 0 {
			return false
		}
	}
	return true
}

// has tells whether the administrator has a role of the realm. The realm may be another version than the one that
// they signed in at.
func (a *Administrator) has(target *realm.Realm, role *realm.Role) bool {
	if role == nil || a.Realm.Key != target.Key {
		return false
	}
	own := a.Realm.RoleByKey(role.Key)
	return own != nil && a.Roles.Has(own)
}

// powerful tells whether a role gives rights, in this realm or another, or is going to.
func powerful(r *realm.Realm, role *realm.Role) bool {
	if role.Client == "" {
		return r.Name == realm.Master && (role.Name == createRealm || role.Name == admin)
	}
	client := r.ClientByKey(role.Client)
	return client != nil && named[role.Name] != 0 && r.Manages(client.ID)
}

// ofRealm tells whether the rights that a role gives are rights in its own realm.
func ofRealm(r *realm.Realm, role *realm.Role) bool {
	client := r.ClientByKey(role.Client)
	return client != nil && client.ID == realm.OwnManagementClient(r.Name)
}
