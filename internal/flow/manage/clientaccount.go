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

// assignServiceScope gives the scope to a client with a service account, and takes it from one without.
func assignServiceScope(r *realm.Realm, client *realm.Client) {
	scope := r.Scope(scopeServiceAccount)
	if scope == nil || !client.OIDC() {
		return
	}
	if !client.ServiceAccounts {
		client.DefaultScopes = slices.DeleteFunc(slices.Clone(client.DefaultScopes), func(key string) bool { return key == scope.Key })
		return
	}
	if !slices.Contains(client.DefaultScopes, scope.Key) && !slices.Contains(client.OptionalScopes, scope.Key) {
		client.DefaultScopes = append(slices.Clone(client.DefaultScopes), scope.Key)
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
	if err := c.settleAccount(ctx, author, r.Name, client.Key); err != nil {
		return nil, err
	}
	return c.Store.ServiceAccount(ctx, r.Key, client.Key)
}

// settleAccount makes a client's service account what the client now says: there, under the client's name,
// or gone.
func (c *Clients) settleAccount(ctx context.Context, author audit.Author, realmName, key string) error {
	r, err := c.Store.Realm(ctx, realmName)
	if err != nil {
		return err
	}
	u, err := c.Store.ServiceAccount(ctx, r.Key, key)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	there := err == nil
	client := r.ClientByKey(key)
	wanted := client != nil && client.ServiceAccounts
	switch {
	case there && !wanted:
		return ignoreGone(c.Store.DeleteUser(ctx, r.Key, u.ID, nil))
	case !there && wanted:
		return c.makeAccount(ctx, author, r, client)
	case there:
		return c.renameAccount(ctx, r, client, u)
	}
	return nil
}

func (c *Clients) makeAccount(ctx context.Context, author audit.Author, r *realm.Realm, client *realm.Client) error {
	u := realmfile.NewServiceAccount(client, author.NewID(), author.Now)
	if r.DefaultRole != "" {
		u.Roles = []string{r.DefaultRole}
	}
	return c.Store.CreateUser(ctx, r.Key, user.Account{User: u}, nil)
}

// renameAccount gives the account the name that goes with the client's.
func (c *Clients) renameAccount(ctx context.Context, r *realm.Realm, client *realm.Client, u *user.User) error {
	name := realmfile.NewServiceAccount(client, u.ID, u.Created).Username
	if u.Username == name {
		return nil
	}
	return c.Store.EditUser(ctx, r.Key, u.ID, func(a *user.Account) ([]event.Admin, error) {
		a.User.Username = name
		return nil, nil
	})
}

// ignoreGone is nil for what somebody else removed first.
func ignoreGone(err error) error {
	if errors.Is(err, fault.ErrNotFound) {
		return nil
	}
	return err
}
