package grant

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// others are who else a request for an exchange is about: who acts, and whom the subject asks to be taken for.
type others struct {
	actor *exchange.Subject
	as    *exchange.Impersonation
}

// others proves the actor token, and finds the user whom a valid subject asks to be taken for.
func (t *turn) others(ctx context.Context, q ExchangeRequest, subject verify.Held) (o others, err error) {
	if q.ActorToken != nil {
		if o.actor, err = t.actor(ctx, q); err != nil {
			return o, err
		}
	}
	if q.RequestedSubject != nil {
		o.as = &exchange.Impersonation{Name: *q.RequestedSubject}
		if subject.User != nil {
			o.as.User, err = verify.Named(ctx, t.Users, t.at.Realm.Key, *q.RequestedSubject)
		}
	}
	return o, err
}

// actor verifies the actor token by the rules of subject tokens. That it is not valid is for core/exchange to say: other
// faults of the request may come first.
func (t *turn) actor(ctx context.Context, q ExchangeRequest) (*exchange.Subject, error) {
	if q.ActorTokenType == nil || *q.ActorTokenType != string(oauth.TypeAccessToken) {
		return &exchange.Subject{}, nil
	}
	held, err := t.Verifier.Subject(ctx, t.at, *q.ActorToken)
	if why := verify.Why(err); why != "" {
		return &exchange.Subject{Flaw: string(why)}, nil
	}
	if err != nil {
		return nil, err
	}
	return &exchange.Subject{Token: &held.Token, User: held.User, Session: held.Session}, nil
}

// acting are those of the realm who act by a refresh token, which was found good a moment ago: that they are there was asked.
// Of another realm's that realm alone knows what they may.
func (t *turn) acting(ctx context.Context, act *token.Actor) (out []exchange.Acting, err error) {
	for ; act != nil; act = act.Actor {
		if act.Issuer != "" && act.Issuer != t.at.Realm.Issuer(t.at.Base) {
			continue
		}
		u, err := t.Users.User(ctx, t.at.Realm.Key, act.Subject)
		switch {
		case errors.Is(err, fault.ErrNotFound):
			return nil, verify.RefreshRefusal(&verify.Failure{Reason: verify.ActorGone, Cause: err})
		case err != nil:
			return nil, err
		}
		out = append(out, exchange.Acting{Client: act.Client, User: u})
	}
	return out, nil
}

// record tells the event who acts, in the words of Keycloak 26.8, and who impersonates whom, in those of its legacy
// exchange.
func (o others) record(t *turn, subject verify.Held, d exchange.Decision) {
	if o.as != nil {
		t.event.Set("requested_subject", o.as.Name)
		if subject.User != nil && d.Rule != explain.ExchangeHolder {
			t.event.Set("impersonator", subject.User.Username)
		}
	}
	if d.Grant == nil {
		return
	}
	if o.as != nil {
		t.about(o.as.User)
		t.event.Session = "" // the impersonator's: the token has none
	}
	if o.actor == nil {
		return
	}
	kind := "user"
	if o.actor.User.ServiceAccount != "" {
		kind = "client"
	}
	t.event.Set("actor", o.actor.User.Username)
	t.event.Set("actor_id", o.actor.User.ID)
	t.event.Set("actor_type", kind)
	if o.actor.Token.Session != "" {
		t.event.Set("actor_session_id", o.actor.Token.Session)
	}
}
