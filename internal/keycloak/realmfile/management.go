package realmfile

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// management makes the roles of administrators: all of them on a new realm, what is missing of them on
// one whose file has the client.
func (b *builder) management() {
	id := realm.OwnManagementClient(b.realm().Name)
	if b.realm().Client(id) == nil {
		return
	}
	builtin := read[builtinRoles]("roles", b.realm().Name)
	if b.realm().Name != master {
		b.managed(id, b.putMissingRole(builtin.Admin, id))
		return
	}
	for _, o := range builtin.Master {
		b.putMissingRole(o, "")
	}
	admin := b.realm().Role(realm.RoleRef{Name: roleAdmin})
	b.include(admin.Key, b.realm().Role(realm.RoleRef{Name: "create-realm"}))
	b.managed(id, admin)
}

// managed gives a management client its roles, and those that it did not have to admin.
func (b *builder) managed(id string, admin *realm.Role) {
	roles := read[builtinRoles]("roles", b.realm().Name).Management
	var missing []string
	for _, o := range roles {
		if name := o.Text("name"); b.realm().Role(realm.RoleRef{Client: id, Name: name}) == nil {
			missing = append(missing, name)
		}
	}
	b.builtin(id, roles)
	for _, name := range missing {
		b.include(admin.Key, b.realm().Role(realm.RoleRef{Client: id, Name: name}))
	}
}

// roleAdmin is the role of the master realm that holds everything.
const roleAdmin = "admin"

// AddManagement gives the master realm the client that manages another realm, and its roles to the
// administrators. Nothing happens where it has the client.
func AddManagement(d *realm.Draft, realmName string, newID func() string) {
	id := realm.ManagementClient(realmName)
	if d.Realm().Client(id) != nil {
		return
	}
	b := &builder{Contents: Contents{Draft: d, options: Options{NewID: newID}}, file: keycloak.Object{}, made: map[string]bool{id: true}}
	o := managementOf(realmName)
	o.Put("defaultClientScopes", []string{})
	o.Put("optionalClientScopes", []string{})
	c, _ := keycloak.ToClient(d.Realm(), o)
	c.Key, c.Protocol = newID(), ""
	d.PutClient(c)
	if admin := d.Realm().Role(realm.RoleRef{Name: roleAdmin}); admin != nil {
		b.managed(id, admin)
	}
}

// DropManagement removes the client that manages another realm from the master realm, and its roles.
func DropManagement(d *realm.Draft, realmName string) {
	c := d.Realm().Client(realm.ManagementClient(realmName))
	if c == nil {
		return
	}
	gone := map[string]bool{}
	for _, role := range d.Realm().RolesOf(c.Key) {
		gone[role.Key] = true
		d.Delete(realm.KindRole, role.Key)
	}
	if admin := d.Realm().Role(realm.RoleRef{Name: roleAdmin}); admin != nil {
		without := *admin
		without.Composites = slices.DeleteFunc(slices.Clone(admin.Composites), func(key string) bool { return gone[key] })
		d.PutRole(&without)
	}
	d.Delete(realm.KindClient, c.Key)
}
