package mapper

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

const (
	roleSetting    = "role"
	newRoleSetting = "new.role.name"
	realmPrefix    = "usermodel.realmRoleMapping.rolePrefix"
	clientPrefix   = "usermodel.clientRoleMapping.rolePrefix"
	clientOfRoles  = "usermodel.clientRoleMapping.clientId"
)

// addRole adds a role whatever the user has; it need not exist.
func addRole(w *Work, m *realm.Mapper) bool {
	name := m.Config[roleSetting]
	return name != "" && w.addRole(w.ref(name))
}

// renameRole takes a role away and adds another for it, which need not exist.
func renameRole(w *Work, m *realm.Mapper) bool {
	from, to := m.Config[roleSetting], m.Config[newRoleSetting]
	at := slices.Index(w.Roles, w.ref(from))
	if from == "" || to == "" || at < 0 {
		return false
	}
	w.Roles = slices.Delete(w.Roles, at, at+1)
	w.addRole(w.ref(to))
	return true
}

// ref reads a role's name, as "customer" or "orders.read". A client_id may have dots of its own: the
// longest that is a client counts, or else what is before the last dot.
func (w *Work) ref(name string) realm.RoleRef {
	last := strings.LastIndexByte(name, '.')
	if last < 0 {
		return realm.RoleRef{Name: name}
	}
	for dot := last; dot > 0; dot = strings.LastIndexByte(name[:dot], '.') {
		if w.Realm.Client(name[:dot]) != nil {
			return realm.RoleRef{Client: name[:dot], Name: name[dot+1:]}
		}
	}
	return realm.RoleRef{Client: name[:last], Name: name[last+1:]}
}

// addRole adds a role beside the others of its client. One of a client that is disabled or gone is
// left out.
func (w *Work) addRole(role realm.RoleRef) bool {
	if slices.Contains(w.Roles, role) {
		return false
	}
	if role.Client != "" {
		if c := w.Realm.Client(role.Client); c == nil || !c.Enabled {
			return false
		}
	}
	at := 0
	for i, r := range w.Roles {
		if r.Client <= role.Client {
			at = i + 1
		}
	}
	w.Roles = slices.Insert(w.Roles, at, role)
	return true
}

// realmRoles writes the realm roles.
func realmRoles(w *Work, m *realm.Mapper) bool {
	return w.writeRoles(m, w.RolesOf(""), m.Config[realmPrefix], "")
}

// clientRoles writes the roles of the client that it is set to, or of each.
func clientRoles(w *Work, m *realm.Mapper) bool {
	prefix := m.Config[clientPrefix]
	if client := m.Config[clientOfRoles]; client != "" {
		return w.writeRoles(m, w.RolesOf(client), prefix, client)
	}
	wrote := false
	for rest := w.Roles[len(w.RolesOf("")):]; len(rest) > 0; {
		client := rest[0].Client
		n := 1
		for n < len(rest) && rest[n].Client == client {
			n++
		}
		wrote = w.writeRoles(m, rest[:n], prefix, client) || wrote
		rest = rest[n:]
	}
	return wrote
}

// RolesOf are the roles of a client, or of the realm.
func (w *Work) RolesOf(client string) []realm.RoleRef {
	from := slices.IndexFunc(w.Roles, func(r realm.RoleRef) bool { return r.Client == client })
	if from < 0 {
		return nil
	}
	to := from
	for to < len(w.Roles) && w.Roles[to].Client == client {
		to++
	}
	return w.Roles[from:to]
}

// writeRoles writes the names of roles, all of one client. Where another mapper wrote roles to the same
// claim they are added to those.
func (w *Work) writeRoles(m *realm.Mapper, roles []realm.RoleRef, prefix, client string) bool {
	if len(roles) == 0 {
		return false
	}
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = prefix + role.Name
	}
	if !m.On(multivalued) {
		return w.write(m, client, convert(m.Config[jsonType], firstOfHashSet(names)))
	}
	return w.write(m, client, roleNames(names))
}

// firstOfHashSet is the name that a Java HashSet gives first: where a claim has room for one role only, that
// is the one that Keycloak writes.
func firstOfHashSet(names []string) string {
	size := uint32(16)
	for uint32(len(names)) > size/4*3 {
		size *= 2
	}
	first, least := "", size
	for _, name := range names {
		var h uint32
		for _, unit := range utf16Of(name) {
			h = 31*h + uint32(unit)
		}
		if bucket := (h ^ h>>16) & (size - 1); bucket < least {
			first, least = name, bucket
		}
	}
	return first
}
