package manage

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authz"
)

// Referred are the users and groups that policies refer to; fault.ErrNotFound where there is none.
type Referred interface {
	User(ctx context.Context, realmKey, id string) (*user.User, error)
	UserByName(ctx context.Context, realmKey, username string) (*user.User, error)
	Group(ctx context.Context, realmKey, key string) (*realm.Group, error)
	GroupByPath(ctx context.Context, realmKey, path string) (*realm.Group, error)
}

// lookedUp is what users and groups are called, and their ids, by the word that was used for them.
type lookedUp map[authz.Mention]struct{ id, name string }

// people looks up the users and groups among what is mentioned.
func (a *Authorization) people(ctx context.Context, realmKey string, mentions []authz.Mention) (lookedUp, error) {
	out := lookedUp{}
	for _, m := range mentions {
		if _, ok := out[m]; ok {
			continue
		}
		var err error
		entry := out[m]
		switch m.What {
		case authz.User:
			var u *user.User
			if u, err = either(ctx, realmKey, m.Word, a.Store.User, a.Store.UserByName); err == nil {
				entry.id, entry.name = u.ID, u.Username
			}
		case authz.Group:
			var g *realm.Group
			if g, err = either(ctx, realmKey, m.Word, a.Store.Group, a.Store.GroupByPath); err == nil {
				entry.id, entry.name = g.Key, g.Path
			}
		default:
			continue
		}
		if errors.Is(err, fault.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, word := range []string{m.Word, entry.id, entry.name} { // what is kept has the name
			out[authz.Mention{What: m.What, Word: word}] = entry
		}
	}
	return out, nil
}

// either finds by id, else by name.
func either[T any](ctx context.Context, realmKey, word string, byID, byName func(context.Context, string, string) (*T, error)) (*T, error) {
	v, err := byID(ctx, realmKey, word)
	if errors.Is(err, fault.ErrNotFound) {
		return byName(ctx, realmKey, word)
	}
	return v, err
}

// names are the names of a realm, and of the people that were looked up.
type names struct {
	realm  *realm.Realm
	people lookedUp
}

func (n names) Name(what authz.Referred, idOrName string) string {
	switch what {
	case authz.Role:
		if role := n.role(idOrName); role != nil {
			ref := n.realm.Ref(role)
			if ref.Client != "" {
				return ref.Client + "/" + ref.Name
			}
			return ref.Name
		}
	case authz.Client:
		if c := n.realm.ClientByKey(idOrName); c != nil {
			return c.ID
		}
	case authz.ClientScope:
		if s := n.realm.ScopeByKey(idOrName); s != nil {
			return s.Name
		}
	default:
		if found, ok := n.people[authz.Mention{What: what, Word: idOrName}]; ok {
			return found.name
		}
	}
	return idOrName
}

func (n names) ID(what authz.Referred, name string) string {
	switch what {
	case authz.Role:
		if role := n.role(name); role != nil {
			return role.Key
		}
	case authz.Client:
		if c := n.realm.Client(name); c != nil {
			return c.Key
		}
	case authz.ClientScope:
		if s := n.realm.Scope(name); s != nil {
			return s.Key
		}
	default:
		if found, ok := n.people[authz.Mention{What: what, Word: name}]; ok {
			return found.id
		}
	}
	return name
}

func (n names) Has(what authz.Referred, word string) bool {
	switch what {
	case authz.Role:
		return n.role(word) != nil
	case authz.Client:
		return n.realm.ClientByKey(word) != nil || n.realm.Client(word) != nil
	case authz.ClientScope:
		return n.realm.ScopeByKey(word) != nil || n.realm.Scope(word) != nil
	}
	_, ok := n.people[authz.Mention{What: what, Word: word}]
	return ok
}

// role finds a role by id, or by name: that of a client as "client/role".
func (n names) role(word string) *realm.Role {
	if role := n.realm.RoleByKey(word); role != nil {
		return role
	}
	if role := n.realm.Role(realm.RoleRef{Name: word}); role != nil {
		return role
	}
	client, name, ok := strings.Cut(word, "/")
	if !ok {
		return nil
	}
	return n.realm.Role(realm.RoleRef{Client: client, Name: name})
}
