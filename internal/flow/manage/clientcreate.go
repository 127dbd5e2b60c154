package manage

import (
	"context"
	"maps"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Create makes a client of its representation, with the defaults that Keycloak gives it, and gives back
// its key. A client_id that is taken is a *fault.Conflict with a Message, an id that is, one without.
func (c *Clients) Create(ctx context.Context, author audit.Author, realmName string, o keycloak.Object) (key string, err error) {
	ready, err := completeClient(o, author)
	if err != nil {
		return "", err
	}
	ch, err := c.byAdmin(ctx, author, realmName, policy.Register, o)
	if err != nil {
		return "", err
	}
	err = c.Store.EditClients(ctx, realmName, func(d *realm.Draft, accounts user.ServiceAccounts) ([]event.Admin, error) {
		made, err := addClient(d, author, ready)
		if err != nil {
			return nil, err
		}
		if _, err := ch.police(d.Realm(), nil, made); err != nil {
			return nil, err
		}
		d.PutClient(made)
		key = made.Key
		record := author.Of(d.Realm(), audit.Create, clientResource, clientPath(key), withID(o, key))
		record = append(record, switched(author, d.Realm(), nil, made)...)
		return record, settle(d, accounts, author, key, false)
	})
	return key, err
}

// withID is a representation as Keycloak has it after it made something of it.
func withID(o keycloak.Object, key string) keycloak.Object {
	shown := maps.Clone(o)
	shown.Put("id", key)
	return shown
}

// completeClient is the representation of a new client with all that it lacks, secrets and keys too. They
// are made ahead of the transaction: that of SAML takes its time.
func completeClient(o keycloak.Object, author audit.Author) (keycloak.Object, error) {
	o = maps.Clone(o)
	if !o.Has("id") {
		o.Put("id", author.NewID())
	}
	if !o.Has("clientId") {
		o["clientId"] = o["id"]
	}
	if err := keycloak.CompleteClient(o); err != nil {
		return nil, err
	}
	attributes := keycloak.Value[map[string]string](o, "attributes")
	if keycloak.WantsSecret(o) {
		o.Put("secret", newSecret())
		attributes[secretCreated] = strconv.FormatInt(author.Now.Unix(), 10)
	}
	if keycloak.WantsSigningKey(o) {
		pair, err := newPair(o.Text("clientId"), author.Now)
		if err != nil {
			return nil, err
		}
		attributes["saml.signing.certificate"], attributes["saml.signing.private.key"] = pair.Certificate, pair.PrivateKey
	}
	o.Put("attributes", attributes)
	return o, nil
}

// addClient puts the client of a complete representation into a draft.
func addClient(d *realm.Draft, author audit.Author, o keycloak.Object) (*realm.Client, error) {
	client, notes := keycloak.ToClient(d.Realm(), o)
	if err := refused(notes); err != nil {
		return nil, err
	}
	keyMappers(client.Mappers, author)
	if client.ServiceAccounts {
		assignServiceScope(d.Realm(), client)
	}
	if err := checkClient(d, nil, client); err != nil {
		return nil, err
	}
	if err := checkRepresented(o, client); err != nil {
		return nil, err
	}
	if d.Realm().Client(client.ID) != nil {
		return nil, &fault.Conflict{Kind: "client", Field: "clientId", Message: "Client " + client.ID + " already exists"}
	}
	if d.Realm().ClientByKey(client.Key) != nil {
		return nil, &fault.Conflict{Kind: "client", Field: "id"}
	}
	d.PutClient(client)
	return client, nil
}
