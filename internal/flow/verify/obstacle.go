package verify

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Obstacles tell what keeps a user from signing in whose account is enabled. All fields are required.
type Obstacles struct {
	Lockouts    Lockouts
	Credentials Credentialed
	Duties      Duties
}

// Credentialed are people with what they sign in by.
type Credentialed interface {
	Credentials(ctx context.Context, realmKey, userID string) ([]user.Credential, error)
}

// Duties are what users have to do before they may sign in. It is a *people.Rulebook.
type Duties interface {
	Pending(ctx context.Context, r *realm.Realm, a user.Attempt) (bool, error)
}

// Of tells whether a user is locked, or has something to do first, who wants these scopes of a client.
func (s Obstacles) Of(ctx context.Context, at At, u *user.User, c *realm.Client, scope string) (locked, pending bool, err error) {
	return s.in(ctx, at, user.Attempt{User: u, Scopes: at.Realm.ScopeNames(c, scope), Now: at.Now})
}

// in tells it of an attempt to sign in, whose credentials are looked up.
func (s Obstacles) in(ctx context.Context, at At, a user.Attempt) (locked, pending bool, err error) {
	lock, err := s.Lockouts.Locked(ctx, at.Realm, a.User, at.Now)
	if err != nil {
		return false, false, err
	}
	if a.Credentials, err = s.Credentials.Credentials(ctx, at.Realm.Key, a.User.ID); err != nil {
		return false, false, err
	}
	pending, err = s.Duties.Pending(ctx, at.Realm, a)
	return lock != user.Open, pending, err
}
