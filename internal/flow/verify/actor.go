package verify

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// actors asks whether all who act by the token, and acted before, still may, in whichever realm of this server that is.
// Of others their issuer alone knows.
func actors(ctx context.Context, q *question) error {
	for a := q.Token.Actor; a != nil; a = a.Actor {
		r := q.Realm
		if a.Issuer != "" && a.Issuer != q.Token.Issuer {
			var err error
			if r, err = q.verifier.neighbour(ctx, q.At, a.Issuer); errors.Is(err, fault.ErrNotFound) || r != nil && !r.Enabled {
				return refuse(ActorGone)
			}
			if err != nil {
				return err
			}
			if r == nil {
				continue
			}
		}
		if o, ok := token.ParseID(a.Token); !ok || o.Session == token.UnknownSession {
			return refuse(ActorGone) // who acts, acts by an access token
		}
		if _, err := q.stand(ctx, r, a, ActorGone); err != nil {
			return err
		}
	}
	return nil
}

// stand asks whether a token of a realm, which another came of or is acted by, would be good today for whom it was given:
// that its client and user are there and enabled, and that it was not taken back, nor its session ended. That it expired is
// no reason: what came of it was cut to its life where the realm wants that. It gives the session, nil where none is
// kept; else refuses with why.
func (q *question) stand(ctx context.Context, r *realm.Realm, a *token.Actor, why Reason) (*session.Session, error) {
	c := r.Client(a.Client)
	if c == nil || !c.Enabled || q.Token.IssuedAt < max(r.NotBefore, c.NotBefore) {
		return nil, refuse(why)
	}
	gone, err := q.verifier.Marks.Revoked(ctx, r.Key, a.Token)
	if err == nil && gone {
		err = refuse(why)
	}
	if err != nil {
		return nil, err
	}
	s, user, err := q.sessionOf(ctx, r, a)
	if err == nil && s != nil && (s.Expired(r, q.Now) || q.takenBack(s, c)) {
		err = refuse(why)
	}
	if err == nil {
		err = q.mayStill(ctx, r, user, why)
	}
	if errors.Is(err, fault.ErrNotFound) {
		err = refuse(why)
	}
	return s, err
}

// sessionOf is the session behind a token, and its user; nil where none is kept. fault.ErrNotFound.
func (q *question) sessionOf(ctx context.Context, r *realm.Realm, a *token.Actor) (s *session.Session, user string, err error) {
	origin, ok := token.ParseID(a.Token)
	switch {
	case !ok:
		return nil, "", fault.ErrNotFound
	case origin.Session == token.Transient:
		return nil, a.Subject, nil
	}
	offline := origin.Session == token.Offline || origin.Session == token.OfflineTransient
	s, err = q.verifier.Sessions.Session(ctx, r.Key, a.Session, offline)
	if err == nil && a.Subject != "" && a.Subject != s.UserID {
		err = fault.ErrNotFound // the session is somebody else's
	}
	if err != nil {
		return nil, "", err
	}
	return s, s.UserID, nil
}

// mayStill asks whether a user is there and enabled, and wants tokens of this age. fault.ErrNotFound.
func (q *question) mayStill(ctx context.Context, r *realm.Realm, user string, why Reason) error {
	u, err := q.verifier.Users.User(ctx, r.Key, user)
	if err == nil && (!u.MayActIn(r) || q.Token.IssuedAt < u.NotBefore) {
		err = refuse(why)
	}
	return err
}

// takenBack tells whether what a client held in a session was taken back since the token was issued. Of a client that is
// gone it was.
func (q *question) takenBack(s *session.Session, c *realm.Client) bool {
	return c == nil || len(s.Ended) > 0 && q.Token.IssuedAt < s.TakenBack(c.Key).Unix()
}
