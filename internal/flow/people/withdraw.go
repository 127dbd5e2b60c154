package people

import (
	"context"
	"errors"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
)

// Withdraw takes back what a user allowed a client, as they want it themselves, and ends what the client holds of
// it. Where there is nothing to take back nothing happens.
func (c *Consents) Withdraw(ctx context.Context, author audit.Author, r *realm.Realm, u *user.User, client *realm.Client) error {
	err := c.Users.EditUser(ctx, r.Key, u.ID, func(a *user.Account) ([]event.Admin, error) {
		a.User.Consents = slices.DeleteFunc(slices.Clone(a.User.Consents), func(given user.Consent) bool { return given.Client == client.Key })
		return nil, nil
	})
	if err != nil {
		return err
	}
	return c.endGrants(ctx, r, u, client, author.Now)
}

// EndOwn ends a session of a user who wants that themselves, and tells the clients in it. Somebody else's is not
// touched. It tells whether there was one.
func (s *Sessions) EndOwn(ctx context.Context, author audit.Author, r *realm.Realm, userID, id string) (ended bool, err error) {
	q := session.Query{ID: id, User: userID}
	found, err := s.Of(ctx, r, q, author.Now)
	if err != nil || len(found) == 0 {
		return false, err
	}
	err = s.ending(ctx, author, r, q, func() error { return s.Store.CloseSession(ctx, r.Key, id, false, nil) })
	if errors.Is(err, fault.ErrNotFound) { // it ended meanwhile
		return false, nil
	}
	return err == nil, err
}
