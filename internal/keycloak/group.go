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
	if attributes := withValues(Value[map[string][]string](o, "attributes")); len(attributes) > 0 {
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

// withValues are the attributes that have a value.
func withValues(attributes map[string][]string) map[string][]string {
	maps.DeleteFunc(attributes, func(_ string, values []string) bool { return len(values) == 0 })
	return attributes
}

// MergeGroup is a group after an update by this representation: the description is that of the representation, name
// and attributes where it has them. Extra has to be loaded.
func MergeGroup(g *realm.Group, o Object) *realm.Group {
	with := *g
	if o.Has("name") {
		with.Name = o.Text("name")
	}
	if o.Has("attributes") {
		with.Attributes = withValues(Value[map[string][]string](o, "attributes"))
	}
	with.Extra = realm.Extra(keptWith(Object(g.Extra), o, "description"))
	if !o.Has("description") {
		delete(with.Extra, "description")
	}
	return &with
}

// BriefGroup is the representation of a group as lists have it: without attributes and roles.
func BriefGroup(r *realm.Realm, g *realm.Group) Object {
	o := FromGroup(r, g)
	for _, name := range []string{"attributes", "realmRoles", "clientRoles"} {
		delete(o, name)
	}
	return o
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
