package manage

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Clients changes clients.
type Clients struct {
	Store Documents
	Now   func() time.Time
	NewID func() string
}

// Edit changes the client with this key. What edit gets is a copy with Extra filled in; what it
// leaves behind is checked and stored with one admin event. A *fault.Invalid names the field that
// cannot be accepted. The edit may run again.
func (c *Clients) Edit(ctx context.Context, actor event.Actor, realmName, key string, edit func(*realm.Client) error) error {
	return c.change(ctx, actor, realmName, key, func(_ *realm.Draft, client *realm.Client) error { return edit(client) })
}

func (c *Clients) change(ctx context.Context, actor event.Actor, realmName, key string, edit func(*realm.Draft, *realm.Client) error) error {
	return c.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		client := d.Realm().ClientByKey(key)
		if client == nil {
			return nil, fault.ErrNotFound
		}
		with := *client
		var err error
		if with.Extra, err = loadExtra(d, realm.KindClient, key); err != nil {
			return nil, err
		}
		switch err := edit(d, &with); {
		case errors.Is(err, errUnchanged):
			return nil, nil
		case err != nil:
			return nil, err
		}
		if err := checkMappers(client.Mappers, with.Mappers); err != nil {
			return nil, err
		}
		d.PutClient(&with)
		if err := d.Validate(); err != nil {
			return nil, err
		}
		t := trail{actor, c.Now(), c.NewID}
		return t.of(d.Realm(), "UPDATE", "CLIENT", "clients/"+key, keycloak.FromClient(d.Realm(), &with)), nil
	})
}

// errUnchanged ends an edit that finds everything as it is to be.
var errUnchanged = errors.New("unchanged")

// loadExtra reads what is kept of a stored document; nothing in a draft that nobody stores.
func loadExtra(d *realm.Draft, kind realm.Kind, key string) (realm.Extra, error) {
	if d.LoadExtra == nil {
		return nil, nil
	}
	return d.LoadExtra(kind, key)
}

// SetEnabled switches a client on or off. From then on no server of the installation accepts a
// disabled one.
func (c *Clients) SetEnabled(ctx context.Context, actor event.Actor, realmName, key string, enabled bool) error {
	return c.Edit(ctx, actor, realmName, key, func(client *realm.Client) error {
		client.Enabled = enabled
		return nil
	})
}

// AddMapper gives a client a protocol mapper of its own; a mapper without key gets one.
func (c *Clients) AddMapper(ctx context.Context, actor event.Actor, realmName, key string, m realm.Mapper) error {
	return c.Edit(ctx, actor, realmName, key, func(client *realm.Client) (err error) {
		client.Mappers, err = withMapper(client.Mappers, m, c.NewID)
		return err
	})
}

// Assignment is how a client scope belongs to a client.
type Assignment int

const (
	Default  Assignment = iota // always in play
	Optional                   // in play when the request names it
)

// AssignScope gives a client a client scope; one that it has already, either way, stays as it is.
func (c *Clients) AssignScope(ctx context.Context, actor event.Actor, realmName, key, scope string, as Assignment) error {
	return c.change(ctx, actor, realmName, key, func(d *realm.Draft, client *realm.Client) error {
		if d.Realm().ScopeByKey(scope) == nil {
			return fault.ErrNotFound
		}
		if slices.Contains(client.DefaultScopes, scope) || slices.Contains(client.OptionalScopes, scope) {
			return errUnchanged
		}
		list := &client.DefaultScopes
		if as == Optional {
			list = &client.OptionalScopes
		}
		*list = append(slices.Clone(*list), scope)
		return nil
	})
}
