package realmfile

import (
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// groups makes the tree of groups.
func (b *builder) groups() error {
	return b.groupsBelow(nil, b.file, "groups")
}

func (b *builder) groupsBelow(parent *realm.Group, o keycloak.Object, member string) error {
	for i, representation := range keycloak.Value[[]keycloak.Object](o, member) {
		path := member + "[" + strconv.Itoa(i) + "]"
		g := keycloak.ToGroup(representation, parent)
		if g.Name == "" {
			return &fault.Invalid{Field: path + ".name", Message: "a group needs a name"}
		}
		if _, taken := b.paths[g.Path]; taken {
			return &fault.Invalid{Field: path + ".name", Message: groupTaken(parent, g.Name)}
		}
		g.Key = b.id(g.Key)
		b.paths[g.Path] = g.Key
		for _, n := range keycloak.NamedRoles(representation, "realmRoles", "clientRoles") {
			role, err := b.role(n)
			if err != nil {
				return keycloak.At(path, err)
			}
			g.Roles = append(g.Roles, role.Key)
		}
		b.Groups = append(b.Groups, g)
		if err := b.groupsBelow(g, representation, "subGroups"); err != nil {
			return keycloak.At(path, err)
		}
	}
	return nil
}

func groupTaken(parent *realm.Group, name string) string {
	if parent == nil {
		return "Top level group named '" + name + "' already exists."
	}
	return "Sibling group named '" + name + "' already exists."
}

// defaultGroups are the groups that new users join. Those that the file does not have are told of and passed over.
func (b *builder) defaultGroups() error {
	s := b.realm().Settings
	for i, path := range keycloak.Value[[]string](b.file, "defaultGroups") {
		key, ok := b.paths["/"+strings.TrimPrefix(path, "/")]
		if !ok {
			b.note("", []keycloak.Note{{Path: "defaultGroups[" + strconv.Itoa(i) + "]", Text: "there is no group " + strconv.Quote(path)}})
			continue
		}
		s.DefaultGroups = append(s.DefaultGroups, key)
	}
	b.Draft.PutSettings(s)
	return nil
}
