package manage

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Update changes what the representation says of a client: see keycloak.MergeClient. A client_id that is
// taken is a *fault.Conflict.
func (c *Clients) Update(ctx context.Context, author audit.Author, realmName, key string, o keycloak.Object) error {
	ch, err := c.byAdmin(ctx, author, realmName, policy.Update, o)
	if err != nil {
		return err
	}
	return c.editWithAccount(ctx, author, realmName, key, func(d *realm.Draft, client *realm.Client) ([]event.Admin, error) {
		before := *client
		if err := mergeClient(d, author, client, o); err != nil {
			return nil, err
		}
		if _, err := ch.police(d.Realm(), &before, client); err != nil {
			return nil, err
		}
		return append(switched(author, d.Realm(), &before, client), author.Of(d.Realm(), audit.Update, clientResource, clientPath(key), o)...), nil
	})
}

// mergeClient makes of a client what an update makes of it.
func mergeClient(d *realm.Draft, author audit.Author, client *realm.Client, o keycloak.Object) error {
	with, notes := keycloak.MergeClient(d.Realm(), client, o)
	if err := refused(notes); err != nil {
		return err
	}
	if other := d.Realm().Client(with.ID); other != nil && other.Key != client.Key {
		return &fault.Conflict{Kind: "client", Field: "clientId"}
	}
	if with.ID != client.ID && d.Realm().Manages(client.ID) { // another could come in its place
		return &fault.Invalid{Field: "clientId", Message: "The client that holds the roles of administrators cannot be renamed"}
	}
	if err := checkRepresented(o, with); err != nil {
		return err
	}
	keyMappers(with.Mappers, author)
	if o.Has("serviceAccountsEnabled") {
		assignServiceScope(d.Realm(), with)
	}
	*client = *with
	return nil
}
