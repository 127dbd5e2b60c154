package keycloak

import "github.com/tokenhouse/tokenhouse/internal/core/realm"

type role = realm.Role

var roleFields = []field[role]{
	into("id", func(r *role) *string { return &r.Key }),
	into("name", func(r *role) *string { return &r.Name }),
}

// ToRole reads a role of the client with this key, of the realm where it is empty. The roles that it
// includes are named in it and not resolved.
func ToRole(o Object, clientKey string) *realm.Role {
	r := realm.Role{Client: clientKey}
	rest := readFields(roleFields, &r, o)
	for _, name := range []string{"composite", "composites", "clientRole", "containerId", "scopeParamRequired"} {
		delete(rest, name)
	}
	r.Extra = keep(rest)
	return &r
}

// FromRole is the representation of a role, without the names of what it includes. Extra has to be
// loaded.
func FromRole(r *realm.Realm, v *realm.Role) Object {
	o := writeFields(roleFields, v, v.Extra)
	o.Put("composite", len(v.Composites) > 0)
	o.Put("clientRole", v.Client != "")
	o.Put("containerId", v.Client)
	if v.Client == "" {
		o.Put("containerId", r.ID())
	}
	if !o.Has("attributes") {
		o.Put("attributes", map[string][]string{})
	}
	return o
}

// BriefRole is the representation of a role as lists have it: without attributes. Extra has to be loaded.
func BriefRole(r *realm.Realm, v *realm.Role) Object {
	o := FromRole(r, v)
	delete(o, "attributes")
	return o
}

// MergeRole is a role after an update by this representation: the name and the description are those of
// the representation, the attributes too where it has any. Extra has to be loaded.
func MergeRole(v *realm.Role, o Object) *realm.Role {
	with := *v
	with.Name = o.Text("name")
	with.Extra = realm.Extra(keptWith(Object(v.Extra), o, "description", "attributes"))
	if !o.Has("description") {
		delete(with.Extra, "description")
	}
	return &with
}

// MentionedRoles are representations of the roles with these keys that say no more than which they are, as
// requests and admin events have them. Roles that are gone are passed over.
func MentionedRoles(r *realm.Realm, keys []string) []Object {
	out := []Object{}
	for _, key := range keys {
		if role := r.RoleByKey(key); role != nil {
			o := Object{}
			o.Put("id", key)
			o.Put("name", role.Name)
			o.Put("composite", len(role.Composites) > 0)
			out = append(out, o)
		}
	}
	return out
}

// Composites are the names of the roles that a role includes, as "composites" holds them.
func Composites(r *realm.Realm, v *realm.Role) Object {
	realmRoles, clientRoles := RoleNames(r, v.Composites)
	o := Object{}
	if len(realmRoles) > 0 {
		o.Put("realm", realmRoles)
	}
	if len(clientRoles) > 0 {
		o.Put("client", clientRoles)
	}
	return o
}

// RoleNames are the names of the roles with these keys: the realm's own, and those of clients by
// client_id. Roles that are gone are passed over.
func RoleNames(r *realm.Realm, keys []string) (own []string, ofClients map[string][]string) {
	own, ofClients = []string{}, map[string][]string{}
	for _, key := range keys {
		role := r.RoleByKey(key)
		if role == nil {
			continue
		}
		ref := r.Ref(role)
		if ref.Client == "" {
			own = append(own, ref.Name)
			continue
		}
		ofClients[ref.Client] = append(ofClients[ref.Client], ref.Name)
	}
	return own, ofClients
}

// NamedRoles are the roles that "realmRoles" and "clientRoles" of a user or group name, or the
// members "realm" and "client" of composites, each with its path.
func NamedRoles(o Object, own, ofClients string) []NamedRole {
	var out []NamedRole
	for i, name := range Value[[]string](o, own) {
		out = append(out, NamedRole{realm.RoleRef{Name: trimmed(name)}, indexed(own, i)})
	}
	clients := Value[map[string][]string](o, ofClients)
	for _, id := range sortedKeys(clients) {
		for i, name := range clients[id] {
			out = append(out, NamedRole{realm.RoleRef{Client: id, Name: trimmed(name)}, indexed(join(ofClients, id), i)})
		}
	}
	return out
}

// NamedRole is a role by name, and where in the document it is named.
type NamedRole struct {
	realm.RoleRef
	Path string
}
