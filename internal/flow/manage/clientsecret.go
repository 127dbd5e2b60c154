package manage

import (
	"context"
	"maps"
	"strconv"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// NewSecret gives a client a new secret. One that was rotated out before works no longer, and nor does the former one,
// unless a client policy leaves it some time.
func (c *Clients) NewSecret(ctx context.Context, author audit.Author, realmName, key string) (secret string, err error) {
	secret = newSecret()
	ch, err := c.byAdmin(ctx, author, realmName, policy.Secret, nil)
	if err != nil {
		return "", err
	}
	err = c.edit(ctx, realmName, key, func(d *realm.Draft, client *realm.Client) ([]event.Admin, error) {
		before := *client
		client.Secret, client.RotatedSecret, client.RotatedUntil = secret, "", time.Time{}
		client.Extra = maps.Clone(client.Extra)
		delete(client.Extra, "secret") // an empty one that was kept
		putAttribute(client, secretCreated, strconv.FormatInt(author.Now.Unix(), 10))
		if _, err := ch.police(d.Realm(), &before, client); err != nil {
			return nil, err
		}
		return author.Of(d.Realm(), audit.Action, clientResource, clientPath(key, "client-secret"), keycloak.Secret(secret)), nil
	})
	return secret, err
}

// DropRotatedSecret ends the time that a client's former secret has left. Nothing happens where it has
// none.
func (c *Clients) DropRotatedSecret(ctx context.Context, author audit.Author, realmName, key string) error {
	return c.edit(ctx, realmName, key, func(d *realm.Draft, client *realm.Client) ([]event.Admin, error) {
		record := author.Of(d.Realm(), audit.Delete, clientResource, clientPath(key, "client-secret", "rotated"), keycloak.Secret(client.RotatedSecret))
		if client.RotatedSecret == "" {
			return record, errUnchanged
		}
		client.RotatedSecret, client.RotatedUntil = "", time.Time{}
		return record, nil
	})
}

// putAttribute sets an attribute of a client that is kept and not acted on. Extra has to be a copy.
func putAttribute(client *realm.Client, name, value string) {
	kept := keycloak.Object(client.Extra)
	attributes := keycloak.Value[map[string]string](kept, "attributes")
	if attributes == nil {
		attributes = map[string]string{}
	}
	attributes[name] = value
	kept.Put("attributes", attributes)
}
