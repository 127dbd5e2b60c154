package people

import (
	"context"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
)

// Consents shows and revokes what users allowed clients. All fields are required.
type Consents struct {
	Sessions *Sessions
	Users    Editor
	Grants   GrantEnder
}

// GrantEnder takes back what a client holds in a session.
type GrantEnder interface {
	EndGrant(ctx context.Context, realmKey, session, clientKey string, offline bool, at time.Time) (sessionEnded bool, err error)
	DropGrant(ctx context.Context, realmKey, session, clientKey string, offline bool, at time.Time) error
}

// Allowed is what a user allowed a client: scopes, or to act while they are away, or both.
type Allowed struct {
	Client  *realm.Client
	Consent *user.Consent // nil where the client only holds an offline token
	Offline bool          // it holds an offline token
}

// Of are the clients that a user allowed something, by their key.
func (c *Consents) Of(ctx context.Context, r *realm.Realm, u *user.User, now time.Time) ([]Allowed, error) {
	byKey := map[string]*Allowed{}
	for i, consent := range u.Consents {
		if client := r.ClientByKey(consent.Client); client != nil {
			byKey[client.Key] = &Allowed{Client: client, Consent: &u.Consents[i]}
		}
	}
	offline, err := c.Sessions.Of(ctx, r, session.Query{User: u.ID, Offline: true}, now)
	if err != nil {
		return nil, err
	}
	for _, s := range offline {
		for _, g := range s.Grants {
			client := r.ClientByKey(g.Client)
			if client == nil {
				continue
			}
			if byKey[client.Key] == nil {
				byKey[client.Key] = &Allowed{Client: client}
			}
			byKey[client.Key].Offline = true
		}
	}
	var out []Allowed
	for _, client := range r.Clients() {
		if a := byKey[client.Key]; a != nil {
			out = append(out, *a)
		}
	}
	return out, nil
}

// Revoke takes back what a user allowed a client, and ends what the client holds of it. Where there is nothing
// it is a *fault.NotFound.
func (c *Consents) Revoke(ctx context.Context, author audit.Author, r *realm.Realm, u *user.User, client *realm.Client) error {
	all, err := c.Of(ctx, r, u, author.Now)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(a Allowed) bool { return a.Client.Key == client.Key }) {
		return &fault.NotFound{Message: "Consent nor offline token not found"}
	}
	err = c.Users.EditUser(ctx, r.Key, u.ID, func(a *user.Account) ([]event.Admin, error) {
		a.User.Consents = slices.DeleteFunc(slices.Clone(a.User.Consents), func(given user.Consent) bool { return given.Client == client.Key })
		return author.Of(r, audit.Action, userResource, userPath(u.ID)+"/consents/"+client.ID, nil), nil
	})
	if err != nil {
		return err
	}
	return c.endGrants(ctx, r, u, client, author.Now)
}

// endGrants ends what a client holds of a user: an offline session ends with its last grant, another one
// goes on.
func (c *Consents) endGrants(ctx context.Context, r *realm.Realm, u *user.User, client *realm.Client, now time.Time) error {
	for _, offline := range []bool{false, true} {
		found, err := c.Sessions.Of(ctx, r, session.Query{User: u.ID, Client: client.Key, Offline: offline}, now)
		if err != nil {
			return err
		}
		for _, s := range found {
			if offline {
				_, err = c.Grants.EndGrant(ctx, r.Key, s.ID, client.Key, true, now)
			} else {
				err = c.Grants.DropGrant(ctx, r.Key, s.ID, client.Key, false, now)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
