package manage

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Delete removes a client with its roles, its service account and what it holds in sessions.
func (c *Clients) Delete(ctx context.Context, author audit.Author, realmName, key string) error {
	err := c.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		client := d.Realm().ClientByKey(key)
		if client == nil {
			return nil, errNoClient
		}
		dropClient(d, client)
		o := keycloak.Object{}
		o.Put("id", client.Key)
		o.Put("clientId", client.ID)
		return author.Of(d.Realm(), audit.Delete, clientResource, clientPath(key), o), nil
	})
	if err != nil {
		return err
	}
	return c.settleAccount(ctx, author, realmName, key)
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
