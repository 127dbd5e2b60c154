package manage

import (
	"context"
	"errors"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// scopeServiceAccount is the client scope that tokens of service accounts say whose they are by.
const scopeServiceAccount = "service_account"

// assignServiceScope gives the scope to a client with a service account by default, and takes it from one without.
func assignServiceScope(r *realm.Realm, client *realm.Client) {
	scope := r.Scope(scopeServiceAccount)
	if scope == nil || !client.OIDC() {
		return
	}
	own := []string{scope.Key}
	switch {
	case !client.ServiceAccounts:
		client.DefaultScopes = realm.WithoutKeys(client.DefaultScopes, own)
	case !slices.Contains(client.DefaultScopes, scope.Key):
		client.OptionalScopes = realm.WithoutKeys(client.OptionalScopes, own)
		client.DefaultScopes = realm.WithKeys(client.DefaultScopes, own)
	}
}

// ServiceAccount is the user that stands for a client; it is made where it is missing. fault.ErrNotFound
// where the client has none.
func (c *Clients) ServiceAccount(ctx context.Context, author audit.Author, r *realm.Realm, client *realm.Client) (*user.User, error) {
	if !client.ServiceAccounts {
		return nil, fault.ErrNotFound
	}
	u, err := c.Store.ServiceAccount(ctx, r.Key, client.Key)
	if !errors.Is(err, fault.ErrNotFound) {
		return u, err
	}
	err = c.Store.EditClients(ctx, r.Name, func(d *realm.Draft, accounts user.ServiceAccounts) ([]event.Admin, error) {
		return nil, settleAccount(d.Realm(), accounts, author, client.Key)
	})
	if err != nil {
		return nil, err
	}
	return c.Store.ServiceAccount(ctx, r.Key, client.Key)
}

// settleAccount makes a client's service account what the client now says: there, under the client's name,
// or gone.
func settleAccount(r *realm.Realm, accounts user.ServiceAccounts, author audit.Author, key string) error {
	u, err := accounts.Of(key)
	if err != nil {
		return err
	}
	client := r.ClientByKey(key)
	wanted := client != nil && client.ServiceAccounts
	switch {
	case u == nil && wanted:
		made := realmfile.NewServiceAccount(client, author.NewID(), author.Now)
		if r.DefaultRole != "" {
			made.Roles = []string{r.DefaultRole}
		}
		return accounts.Create(made)
	case u == nil:
		return nil
	case !wanted:
		return accounts.Delete(u.ID)
	}
	if name := realmfile.NewServiceAccount(client, u.ID, u.Created).Username; name != u.Username {
		return accounts.Rename(u.ID, name)
	}
	return nil
}
