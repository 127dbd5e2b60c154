package keycloak

import (
	"maps"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

type group = realm.Group

var groupFields = []field[group]{
	into("id", func(g *group) *string { return &g.Key }),
	into("name", func(g *group) *string { return &g.Name }),
}

// ToGroup reads a group below parent, which is nil at the top. Its subgroups are read one by one;
// the roles that it names are not resolved.
func ToGroup(o Object, parent *realm.Group) *realm.Group {
	g := realm.Group{}
	rest := readFields(groupFields, &g, o)
	g.Path = "/" + g.Name
	if parent != nil {
		g.Parent, g.Path = parent.Key, parent.Path+"/"+g.Name
	}
	if attributes := Value[map[string][]string](o, "attributes"); len(attributes) > 0 {
		g.Attributes = attributes
	}
	for _, name := range []string{"path", "parentId", "subGroups", "subGroupCount", "attributes", "realmRoles", "clientRoles", "access"} {
		delete(rest, name)
	}
	if len(rest) > 0 {
		g.Extra = keep(rest)
	}
	return &g
}

// FromGroup is the representation of a group, its subgroups left empty.
func FromGroup(r *realm.Realm, g *realm.Group) Object {
	o := writeFields(groupFields, g, g.Extra)
	o.Put("path", g.Path)
	if g.Parent != "" {
		o.Put("parentId", g.Parent)
	}
	attributes := maps.Clone(g.Attributes)
	if attributes == nil {
		attributes = map[string][]string{}
	}
	o.Put("attributes", attributes)
	own, ofClients := RoleNames(r, g.Roles)
	o.Put("realmRoles", own)
	o.Put("clientRoles", ofClients)
	o.Put("subGroups", []Object{})
	return o
}
