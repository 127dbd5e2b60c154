package people

import (
	"context"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Mappings changes which roles users and groups hold. Keycloak: role mappings.
type Mappings struct{ Store MappingStore }

// MappingStore keeps users and groups with their roles.
type MappingStore interface {
	EditUser(ctx context.Context, realmKey, id string, edit func(*user.Account) ([]event.Admin, error)) error
	EditGroup(ctx context.Context, realmKey, key string, edit func(*realm.Group) ([]event.Admin, error)) error
}

// Holder is a user or a group, as who holds roles: one of the two keys is set.
type Holder struct{ User, Group string }

// path is the holder's address below the realm.
func (h Holder) path() string {
	if h.User != "" {
		return "users/" + h.User
	}
	return "groups/" + h.Group
}

// Part is some of the roles of a realm, or of one of its clients.
type Part struct {
	Client string   // key; empty for the realm's own
	Roles  []string // keys
}

// Grant gives the holder roles. Those that it has already, stay.
func (m *Mappings) Grant(ctx context.Context, author audit.Author, r *realm.Realm, h Holder, p Part) error {
	return m.change(ctx, r, h, m.record(author, r, audit.Create, h, p), func(held []string) []string {
		for _, key := range p.Roles {
			if !slices.Contains(held, key) {
				held = append(held, key)
			}
		}
		return held
	})
}

// Revoke takes roles from the holder, where it has them.
func (m *Mappings) Revoke(ctx context.Context, author audit.Author, r *realm.Realm, h Holder, p Part) error {
	return m.change(ctx, r, h, m.record(author, r, audit.Delete, h, p), func(held []string) []string {
		return slices.DeleteFunc(held, func(key string) bool { return slices.Contains(p.Roles, key) })
	})
}

func (m *Mappings) change(ctx context.Context, r *realm.Realm, h Holder, record []event.Admin, change func(held []string) []string) error {
	if h.User != "" {
		return m.Store.EditUser(ctx, r.Key, h.User, func(a *user.Account) ([]event.Admin, error) {
			a.User.Roles = change(slices.Clone(a.User.Roles))
			return record, nil
		})
	}
	return m.Store.EditGroup(ctx, r.Key, h.Group, func(g *realm.Group) ([]event.Admin, error) {
		g.Roles = change(slices.Clone(g.Roles))
		return record, nil
	})
}

// record is the admin event of a change, with the roles as representations.
func (m *Mappings) record(author audit.Author, r *realm.Realm, operation string, h Holder, p Part) []event.Admin {
	roles := keycloak.MentionedRoles(r, p.Roles)
	if p.Client == "" {
		return author.Of(r, operation, "REALM_ROLE_MAPPING", h.path()+"/role-mappings/realm", roles)
	}
	return author.Of(r, operation, "CLIENT_ROLE_MAPPING", h.path()+"/role-mappings/clients/"+p.Client, roles)
}
