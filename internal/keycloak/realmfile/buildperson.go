package realmfile

import (
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authz"
)

// accounts finds the clients with a service account that no user of the file is. Resource servers among them get the role
// that a new resource server has. Keycloak gives it in whole files alone.
func (b *builder) accounts() error {
	for _, c := range b.realm().Clients() {
		if !c.ServiceAccounts || b.users.accounts[c.ID] {
			continue
		}
		b.giveAccount(c)
		if authz.On(c.Extra) {
			o := keycloak.Object{}
			o.Put("name", authz.ProtectionRole)
			b.protecting[c.Key] = b.putMissingRole(o, c.ID).Key
		}
	}
	return nil
}

// giveAccount lets a client have a new service account.
func (b *builder) giveAccount(c *realm.Client) {
	with := *c
	if s := b.realm().Scope(scopeServiceAccount); s != nil && c.OIDC() && !slices.Contains(c.DefaultScopes, s.Key) {
		with.DefaultScopes = append(slices.Clone(c.DefaultScopes), s.Key)
		b.Draft.PutClient(&with)
	}
	b.without = append(b.without, &with)
}

// Person makes a user of the file, whose passwords are still to be hashed. What the user refers to and
// the realm does not have is a *fault.Invalid.
func (c *Contents) Person(u keycloak.Object) (keycloak.Person, error) {
	p, err := keycloak.ToUser(c.Draft.Realm(), c.paths, u)
	if err != nil {
		return p, err
	}
	if p.User.ID == "" {
		p.User.ID = c.options.NewID()
	}
	if p.User.Created.IsZero() {
		p.User.Created = c.options.Now
	}
	for i := range p.Credentials {
		if p.Credentials[i].ID == "" {
			p.Credentials[i].ID = c.options.NewID()
		}
		if p.Credentials[i].Created.IsZero() {
			p.Credentials[i].Created = c.options.Now
		}
	}
	return p, nil
}

// ServiceAccounts are the accounts of clients that the file has no user for. Unlike the users of a file
// they have the realm's default role.
func (c *Contents) ServiceAccounts() []user.Account {
	var out []user.Account
	for _, owner := range c.without {
		u := NewServiceAccount(owner, c.options.NewID(), c.options.Now)
		if role := c.Draft.Realm().DefaultRole; role != "" {
			u.Roles = []string{role}
		}
		if role, ok := c.protecting[owner.Key]; ok {
			u.Roles = append(u.Roles, role)
		}
		out = append(out, user.Account{User: u})
	}
	return out
}

// NewServiceAccount is the user that stands for a client.
func NewServiceAccount(c *realm.Client, id string, now time.Time) user.User {
	return user.User{ID: id, Username: strings.ToLower("service-account-" + c.ID), Enabled: true, Created: now, ServiceAccount: c.Key,
		Extra: realm.Extra{}}
}
