package manage

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Delete removes a client with its roles, its service account and what it holds in sessions.
func (c *Clients) Delete(ctx context.Context, author audit.Author, realmName, key string) error {
	return c.remove(ctx, author, realmName, key, func(r *realm.Realm, client *realm.Client) []event.Admin {
		o := keycloak.Object{}
		o.Put("id", client.Key)
		o.Put("clientId", client.ID)
		return author.Of(r, audit.Delete, clientResource, clientPath(client.Key), o)
	})
}

// remove is Delete with the admin events that record gives.
func (c *Clients) remove(ctx context.Context, author audit.Author, realmName, key string, record func(*realm.Realm, *realm.Client) []event.Admin) error {
	var realmKey string
	err := c.Store.EditClients(ctx, realmName, func(d *realm.Draft, accounts user.ServiceAccounts) ([]event.Admin, error) {
		client := d.Realm().ClientByKey(key)
		if client == nil {
			return nil, errNoClient
		}
		realmKey = d.Realm().Key
		dropClient(d, client)
		return record(d.Realm(), client), settleAccount(d.Realm(), accounts, author, key)
	})
	if err != nil {
		return err
	}
	return c.Store.EndGrants(ctx, realmKey, key)
}

// dropClient removes a client and its roles from a draft, and the roles from what refers to them.
func dropClient(d *realm.Draft, client *realm.Client) {
	var roles []string
	for _, role := range d.Realm().RolesOf(client.Key) {
		roles = append(roles, role.Key)
	}
	if len(roles) > 0 {
		dropRoles(d, roles...)
	}
	d.Delete(realm.KindClient, client.Key)
}
