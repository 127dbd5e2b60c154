package manage

import (
	"context"
	"maps"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Registration is a client that is registered, or registered anew, by somebody who need not be an
// administrator. There is no admin event of it.
type Registration struct {
	Representation keycloak.Object
	By             string             // who registers, as a client policy asks: policy.ByAnonymous and the like
	Subjects       *keycloak.Subjects // by which subjects it knows its users; nil: as its mappers say

	// Judge makes of a client what it may be, or refuses it. before is nil where it is new. It may run
	// more than once.
	Judge func(r *realm.Realm, before, client *realm.Client) (*realm.Client, error)

	// Commit runs when nothing stands against the client any more, before it is stored; may be nil.
	Commit func(ctx context.Context) error
}

// withSubjects is the representation, with the mappers by which the client gets its subjects in the place of those
// that it has.
func (q *Registration) withSubjects(now []realm.Mapper, author audit.Author) keycloak.Object {
	if q.Subjects == nil || now == nil && !q.Subjects.Pairwise {
		return q.Representation
	}
	o := maps.Clone(q.Representation)
	q.Subjects.Put(o, now, author.NewID)
	return o
}

// Register makes a client, and gives back its key; as Create.
func (c *Clients) Register(ctx context.Context, author audit.Author, realmName string, q Registration) (key string, err error) {
	ready, err := completeClient(q.withSubjects(nil, author), author)
	if err != nil {
		return "", err
	}
	r, err := c.Store.Realm(ctx, realmName)
	if err != nil {
		return "", err
	}
	ch, err := c.change(ctx, author, realmName, change{stage: policy.Register, asked: q.Representation}, q.By)
	if err != nil {
		return "", err
	}
	if _, err := registerClient(realm.Edit(r), author, ready, q, &ch); err != nil { // as it will be, but for what others do meanwhile
		return "", err
	}
	if q.Commit != nil {
		if err := q.Commit(ctx); err != nil {
			return "", err
		}
	}
	err = c.Store.EditClients(ctx, realmName, func(d *realm.Draft, accounts user.ServiceAccounts) ([]event.Admin, error) {
		made, err := registerClient(d, author, ready, q, &ch)
		if err != nil {
			return nil, err
		}
		key = made.Key
		return nil, settle(d, accounts, author, key, false)
	})
	return key, err
}

func registerClient(d *realm.Draft, author audit.Author, ready keycloak.Object, q Registration, ch *change) (*realm.Client, error) {
	client, err := addClient(d, author, ready)
	if err != nil {
		return nil, err
	}
	if client, err = q.Judge(d.Realm(), nil, client); err != nil {
		return nil, err
	}
	if _, err := ch.police(d.Realm(), nil, client); err != nil {
		return nil, err
	}
	d.PutClient(client)
	return client, nil
}

// Reregister changes a client, its client scopes too; as Update. kept tells that it changes itself by the same
// registration access token as before: a client policy wants it so.
func (c *Clients) Reregister(ctx context.Context, author audit.Author, realmName, key string, q Registration) (kept bool, err error) {
	ch, err := c.change(ctx, author, realmName, change{stage: policy.Update, asked: q.Representation}, q.By)
	if err != nil {
		return false, err
	}
	err = c.editWithAccount(ctx, author, realmName, key, func(d *realm.Draft, client *realm.Client) ([]event.Admin, error) {
		before := *client
		if err := mergeClient(d, author, client, q.withSubjects(client.Mappers, author)); err != nil {
			return nil, err
		}
		keycloak.ReassignScopes(d.Realm(), client, q.Representation)
		judged, err := q.Judge(d.Realm(), &before, client)
		if err != nil {
			return nil, err
		}
		v, err := ch.police(d.Realm(), &before, judged)
		if err != nil {
			return nil, err
		}
		if kept = v.KeepRegistration; kept {
			judged.Registration = before.Registration
		}
		*client = *judged
		return nil, nil
	})
	return kept, err
}

// Unregister removes a client; as Delete.
func (c *Clients) Unregister(ctx context.Context, author audit.Author, realmName, key string) error {
	return c.remove(ctx, author, realmName, key, func(*realm.Realm, *realm.Client) []event.Admin { return nil })
}

// SetRegistration makes the registration access token with this id the one by which a client may change
// itself; another that it had works no longer.
func (c *Clients) SetRegistration(ctx context.Context, author audit.Author, realmName, key, id string) error {
	return c.edit(ctx, realmName, key, func(d *realm.Draft, client *realm.Client) ([]event.Admin, error) {
		client.Registration = id
		return author.Of(d.Realm(), audit.Action, clientResource, clientPath(key, "registration-access-token"), keycloak.FromClient(d.Realm(), client)), nil
	})
}
