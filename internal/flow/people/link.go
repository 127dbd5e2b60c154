package people

import (
	"context"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Link tells who a user is at an identity provider. Keycloak: federated identity.
func (u *Users) Link(ctx context.Context, author audit.Author, r *realm.Realm, id, alias string, o keycloak.Object) error {
	return u.Store.EditUser(ctx, r.Key, id, func(a *user.Account) ([]event.Admin, error) {
		if linkAt(&a.User, alias) >= 0 {
			return nil, &fault.Conflict{Kind: "link", Field: "identityProvider", Message: "User is already linked with provider"}
		}
		a.User.Links = append(slices.Clone(a.User.Links), keycloak.ToLink(alias, o))
		return author.Of(r, audit.Create, userResource, linkPath(id, alias), o), nil
	})
}

// Unlink forgets who a user is at an identity provider.
func (u *Users) Unlink(ctx context.Context, author audit.Author, r *realm.Realm, id, alias string) error {
	return u.Store.EditUser(ctx, r.Key, id, func(a *user.Account) ([]event.Admin, error) {
		i := linkAt(&a.User, alias)
		if i < 0 {
			return nil, &fault.NotFound{Message: "Link not found"}
		}
		a.User.Links = slices.Delete(slices.Clone(a.User.Links), i, i+1)
		return author.Of(r, audit.Delete, userResource, linkPath(id, alias), nil), nil
	})
}

func linkPath(id, alias string) string { return userPath(id) + "/federated-identity/" + alias }

func linkAt(u *user.User, alias string) int {
	return slices.IndexFunc(u.Links, func(l user.Link) bool { return l.Provider == alias })
}
