package verify

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// actors asks whether all who act by the token, and acted before, still may: that they are there and enabled, and that
// the token by which they act was not taken back, nor its session ended. That it expired is no reason: the token that
// came of it was cut to its life where the realm wants that.
func actors(ctx context.Context, q *question) error {
	for a := q.Token.Actor; a != nil; a = a.Actor {
		if a.Issuer != "" && a.Issuer != q.Token.Issuer {
			continue // of another issuer, who alone knows
		}
		for _, ask := range []func(context.Context, *question, *token.Actor) error{actorClient, actorUser, actorToken, actorSession} {
			if err := ask(ctx, q, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func actorClient(_ context.Context, q *question, a *token.Actor) error {
	c := q.Realm.Client(a.Client)
	if c == nil || !c.Enabled || q.Token.IssuedAt < c.NotBefore {
		return refuse(ActorGone)
	}
	return nil
}

func actorUser(ctx context.Context, q *question, a *token.Actor) error {
	u, err := q.verifier.Users.User(ctx, q.Realm.Key, a.Subject)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return refuse(ActorGone)
	case err != nil:
		return err
	case !available(q.Realm, u), q.Token.IssuedAt < u.NotBefore:
		return refuse(ActorGone)
	}
	return nil
}

func actorToken(ctx context.Context, q *question, a *token.Actor) error {
	gone, err := q.verifier.Marks.Revoked(ctx, q.Realm.Key, a.Token)
	if err == nil && gone {
		return refuse(ActorGone)
	}
	return err
}

func actorSession(ctx context.Context, q *question, a *token.Actor) error {
	origin, ok := token.ParseID(a.Token)
	switch {
	case !ok, origin.Session == token.UnknownSession:
		return refuse(ActorGone)
	case origin.Session == token.Transient:
		return nil
	}
	offline := origin.Session == token.Offline || origin.Session == token.OfflineTransient
	s, err := q.verifier.Sessions.Session(ctx, q.Realm.Key, a.Session, offline)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return refuse(ActorGone)
	case err != nil:
		return err
	case s.Expired(q.Realm, q.Now), q.Token.IssuedAt < s.TakenBack(q.Realm.Client(a.Client).Key).Unix():
		return refuse(ActorGone)
	}
	return nil
}
