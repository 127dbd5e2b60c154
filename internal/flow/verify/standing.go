package verify

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// kind is the kind of session that must stand behind the token.
func (q *question) kind() token.SessionKind {
	switch q.Token.Type {
	case token.TypRefresh:
		return token.Online
	case token.TypOffline:
		return token.Offline
	}
	return q.Token.Origin.Session
}

// standing asks whether the session behind the token stands, where one is kept for it.
func standing(ctx context.Context, q *question) error {
	kind := q.kind()
	if kind == token.Transient {
		return nil
	}
	offline := kind == token.Offline || kind == token.OfflineTransient
	missing, over := SessionGone, SessionGone
	if offline {
		missing, over = OfflineGone, OfflineExpired
	}
	if q.Token.Session == "" {
		return refuse(missing)
	}
	s, err := q.verifier.Sessions.Session(ctx, q.Realm.Key, q.Token.Session, offline)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return refuse(missing)
	case err != nil:
		return err
	case s.Expired(q.Realm, q.Now):
		return refuse(over)
	case q.Token.IssuedAt+clockDrift < s.Started.Unix():
		return refuse(SessionNewer)
	}
	q.Session = s
	return nil
}

// granted asks whether the client still has its part in the session, where the token needs one.
func granted(ctx context.Context, q *question) error {
	if kind := q.kind(); kind == token.Transient || kind == token.OnlineTransient || kind == token.OfflineTransient {
		return nil
	}
	g, err := q.grant(ctx)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return refuse(GrantGone)
	case err != nil:
		return err
	case g.Expired(q.Realm, q.Client, q.Session, q.Now):
		return refuse(GrantExpired)
	case q.Token.IssuedAt+clockDrift < g.Started.Unix():
		return refuse(SessionNewer)
	}
	q.Grant = g
	return nil
}

// grant reads the client's part of the session: as it stands now for who presents the token to change
// something, else from the cache.
func (q *question) grant(ctx context.Context) (*session.Grant, error) {
	read := q.verifier.Sessions.Granted
	if q.presenter != nil {
		read = q.verifier.Sessions.Grant
	}
	return read(ctx, q.Realm.Key, q.Session.ID, q.Client.Key, q.Session.Offline)
}
