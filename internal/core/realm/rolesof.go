package realm

import (
	"cmp"
	"slices"
)

// putRoleOf files a role under its client. Slices are shared with the realm that a draft was made of,
// and are replaced, not changed.
func (r *Realm) putRoleOf(role *Role) {
	old := r.rolesOf.get(role.Client)
	at, _ := slices.BinarySearchFunc(old, role.Name, func(o *Role, name string) int { return cmp.Compare(o.Name, name) })
	next := make([]*Role, 0, len(old)+1)
	next = append(append(next, old[:at]...), role)
	r.rolesOf.put(role.Client, append(next, old[at:]...))
}

// dropRoleOf takes the role with this key, if there is one, from its client's.
func (r *Realm) dropRoleOf(key string) {
	role := r.roles.keyed(key)
	if role == nil {
		return
	}
	old := r.rolesOf.get(role.Client)
	next := slices.DeleteFunc(slices.Clone(old), func(o *Role) bool { return o.Key == key })
	if len(next) == 0 {
		r.rolesOf.drop(role.Client)
		return
	}
	r.rolesOf.put(role.Client, next)
}
