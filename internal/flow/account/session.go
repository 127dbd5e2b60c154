package account

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
)

// SignedIn are the sessions in which the owner is signed in, by when they began.
func (a *Accounts) SignedIn(ctx context.Context, o *Owner) ([]people.Signed, error) {
	return a.Sessions.Of(ctx, o.Realm, session.Query{User: o.User.ID}, o.now)
}

// EndSession ends one of the owner's sessions. One that is not there, or not theirs, is passed over, so that nobody
// learns of others'.
func (a *Accounts) EndSession(ctx context.Context, o *Owner, id string) error {
	ended, err := a.Sessions.EndOwn(ctx, a.author(o), o.Realm, o.User.ID, id)
	if ended {
		a.ended(ctx, o, id)
	}
	return err
}

// EndOtherSessions ends the owner's sessions but the one that they ask from.
func (a *Accounts) EndOtherSessions(ctx context.Context, o *Owner) error {
	return a.endSessions(ctx, o, func(id string) bool { return !o.Current(id) })
}

// EndAllSessions ends all of the owner's sessions.
func (a *Accounts) EndAllSessions(ctx context.Context, o *Owner) error {
	return a.endSessions(ctx, o, func(string) bool { return true })
}

func (a *Accounts) endSessions(ctx context.Context, o *Owner, which func(id string) bool) error {
	all, err := a.SignedIn(ctx, o)
	if err != nil {
		return err
	}
	for _, s := range all {
		if !which(s.ID) {
			continue
		}
		if err := a.EndSession(ctx, o, s.ID); err != nil {
			return err
		}
	}
	return nil
}

// ended records that a session ended, under its own id.
func (a *Accounts) ended(ctx context.Context, o *Owner, id string) {
	of := *o
	of.session = id
	a.record(ctx, &of, event.Logout)
}
