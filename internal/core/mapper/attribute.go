package mapper

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

const (
	userAttribute = "user.attribute"
	aggregate     = "aggregate.attrs"
	fullPath      = "full.path"
)

// attribute writes an attribute of the user, or of their groups where they have none themselves.
func attribute(w *Work, m *realm.Mapper) bool {
	if w.User == nil {
		return false
	}
	return w.write(m, "", valueOf(m, attributes(w.User, m.Config[userAttribute], m.On(aggregate))))
}

// attributes are the user's values, or those of the first group that has any, its own or of a group
// above it; with all, the values of the user and of all groups, each once.
func attributes(u *user.User, name string, all bool) []string {
	own := attributeOf(u, name)
	if len(u.Groups) == 0 || len(own) > 0 && !all {
		return own
	}
	var out Names
	for _, v := range own {
		out.Add(v)
	}
	for _, g := range joined(u) {
		for ; g != nil; g = above(u, g) {
			for _, v := range g.Attributes[name] {
				out.Add(v)
			}
			if out.Len() > 0 && !all {
				return out.All()
			}
		}
	}
	return out.All()
}

// attributeOf is an attribute of the user. What has a field counts as one.
func attributeOf(u *user.User, name string) []string {
	var field string
	switch name {
	case "username":
		field = u.Username
	case "email":
		field = u.Email
	case "firstName":
		field = u.FirstName
	case "lastName":
		field = u.LastName
	default:
		return u.Attributes[name]
	}
	if field == "" {
		return nil
	}
	return []string{field}
}

// joined are the groups that the user is a direct member of, by name.
func joined(u *user.User) []*realm.Group {
	groups := u.Joined()
	slices.SortStableFunc(groups, func(a, b *realm.Group) int { return cmp.Compare(a.Name, b.Name) })
	return groups
}

// above is the group above g, or nil.
func above(u *user.User, g *realm.Group) *realm.Group {
	if g.Parent == "" {
		return nil
	}
	for _, p := range u.Groups {
		if p.Key == g.Parent {
			return p
		}
	}
	return nil
}

// groups writes the groups that the user is a direct member of. It is multivalued whatever it is set to.
func groups(w *Work, m *realm.Mapper) bool {
	if w.User == nil {
		return false
	}
	var names []string
	for _, g := range joined(w.User) {
		if m.On(fullPath) {
			names = append(names, g.Path)
		} else {
			names = append(names, g.Name)
		}
	}
	if names == nil {
		return false
	}
	return w.write(m, "", list(m.Config[jsonType], names))
}

// property writes a field of the user, as "emailVerified".
func property(w *Work, m *realm.Mapper) bool {
	if w.User == nil {
		return false
	}
	value := propertyOf(w.User, m.Config[userAttribute])
	return value != "" && w.write(m, "", convert(m.Config[jsonType], value))
}

func propertyOf(u *user.User, name string) string {
	if name != "" {
		name = strings.ToLower(name[:1]) + name[1:]
	}
	switch name {
	case "id":
		return u.ID
	case "username":
		return u.Username
	case "email":
		return u.Email
	case "firstName":
		return u.FirstName
	case "lastName":
		return u.LastName
	case "emailVerified":
		return strconv.FormatBool(u.EmailVerified)
	case "enabled":
		return strconv.FormatBool(u.Enabled)
	case "createdTimestamp":
		if !u.Created.IsZero() {
			return strconv.FormatInt(u.Created.UnixMilli(), 10)
		}
	case "serviceAccountClientLink":
		return u.ServiceAccount
	}
	return ""
}
