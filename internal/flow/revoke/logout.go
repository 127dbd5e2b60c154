package revoke

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// LogoutRequest signs a user out by a refresh token, with no browser involved.
type LogoutRequest struct {
	Call
	RefreshToken string
}

// Logout ends the session behind a refresh token, and tells the clients in it; that it is over already is no error, nor that the
// token has expired.
func (v *Revoker) Logout(ctx context.Context, q LogoutRequest) (err error) {
	t, err := v.begin(ctx, event.Logout, q.Call)
	if err != nil {
		return err
	}
	var s *session.Session
	defer func() {
		if err != nil || s != nil { // nothing happened where it was over already
			t.end(ctx, err)
		}
	}()

	if err := t.authenticate(ctx, q.Call); err != nil {
		return err
	}
	held, err := t.Verifier.SignedOut(ctx, t.at, t.client, q.RefreshToken)
	if err != nil {
		return verify.RefreshRefusal(err)
	}
	if err := t.police(ctx, policy.Logout, &held); err != nil {
		return err
	}
	id, offline := held.Token.Session, held.Token.Type == token.TypOffline
	s, err = t.Sessions.Session(ctx, t.at.Realm.Key, id, offline)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	t.event.UserID, t.event.Session = s.UserID, s.ID
	due, err := t.Herald.Due(ctx, t.at.Realm, session.Query{ID: id, Offline: offline})
	if err != nil {
		return err
	}
	if err := t.Sessions.EndSession(ctx, t.at.Realm.Key, id, offline); err != nil {
		return err
	}
	t.Herald.Tell(ctx, t.at, due)
	return nil
}
