package manage

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// roleNamed is the role of this name of the client with this key, or of the realm for ""; nil where there
// is none.
func roleNamed(r *realm.Realm, clientKey, name string) *realm.Role {
	ref := realm.RoleRef{Name: name}
	if clientKey != "" {
		c := r.ClientByKey(clientKey)
		if c == nil {
			return nil
		}
		ref.Client = c.ID
	}
	return r.Role(ref)
}

// presentRoles are those of the keys that lead to roles.
func presentRoles(r *realm.Realm, keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return r.RoleByKey(key) == nil })
}

// dropRoles removes roles, and takes them from all that includes or carries them.
func dropRoles(d *realm.Draft, keys ...string) {
	gone := make(map[string]bool, len(keys))
	for _, key := range keys {
		gone[key] = true
	}
	isGone := func(key string) bool { return gone[key] }
	left := func(list []string) []string { return slices.DeleteFunc(slices.Clone(list), isGone) }
	r := d.Realm()
	for _, role := range r.Roles() {
		if !gone[role.Key] && slices.ContainsFunc(role.Composites, isGone) {
			with := *role
			with.Composites = left(role.Composites)
			d.PutRole(&with)
		}
	}
	for _, c := range r.Clients() {
		if slices.ContainsFunc(c.ScopeMappings, isGone) {
			with := *c
			with.ScopeMappings = left(c.ScopeMappings)
			d.PutClient(&with)
		}
	}
	for _, s := range r.Scopes() {
		if slices.ContainsFunc(s.ScopeMappings, isGone) {
			with := *s
			with.ScopeMappings = left(s.ScopeMappings)
			d.PutScope(&with)
		}
	}
	for _, key := range keys {
		d.Delete(realm.KindRole, key)
	}
}

// roleResource is what admin events call a role.
func roleResource(role *realm.Role) string {
	if role.Client == "" {
		return "REALM_ROLE"
	}
	return "CLIENT_ROLE"
}

// roleRecord is the representation of a role as its admin event keeps it: what came, and the id that it
// was given, where it is new.
func roleRecord(representation keycloak.Object, id string) keycloak.Object {
	o := keycloak.Object{}
	o.Put("composite", false)
	for name, value := range representation {
		o[name] = value
	}
	if id != "" {
		o.Put("id", id)
	}
	return o
}
