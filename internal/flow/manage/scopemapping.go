package manage

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Carried changes which roles clients and client scopes carry into tokens. Keycloak: scope mappings.
type Carried struct{ Store Documents }

// Add lets the owner carry the roles with these keys; ones that are gone are passed over. container is
// the key of the client whose roles they are, or "" for the realm's own.
func (m *Carried) Add(ctx context.Context, author audit.Author, owner Owner, container string, roles []string) error {
	return m.change(ctx, author, owner, audit.Create, container, roles, realm.WithKeys)
}

// Remove lets the owner carry the roles no longer.
func (m *Carried) Remove(ctx context.Context, author audit.Author, owner Owner, container string, roles []string) error {
	return m.change(ctx, author, owner, audit.Delete, container, roles, realm.WithoutKeys)
}

func (m *Carried) change(ctx context.Context, author audit.Author, owner Owner, operation, container string, roles []string, change func(now, roles []string) []string) error {
	return m.Store.Edit(ctx, owner.Realm, func(d *realm.Draft) ([]event.Admin, error) {
		err := owner.edit(d, func(b belongings) error {
			*b.carried = presentRoles(d.Realm(), change(*b.carried, roles))
			return nil
		})
		if err != nil {
			return nil, err
		}
		resource, path := "REALM_SCOPE_MAPPING", owner.Path+"/scope-mappings/realm"
		if container != "" {
			resource, path = "CLIENT_SCOPE_MAPPING", owner.Path+"/scope-mappings/clients/"+container
		}
		return author.Of(d.Realm(), operation, resource, path, keycloak.MentionedRoles(d.Realm(), roles)), nil
	})
}
