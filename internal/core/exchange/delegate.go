package exchange

import (
	"cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// paired asks that an actor token came with its type, and neither without the other (RFC 8693 §2.1).
func paired(s *state, t *explain.Trace) *oauth.Error {
	deny := func(text string) *oauth.Error {
		t.Add(explain.ExchangeActor, explain.Denied, "", text)
		return refuse(text)
	}
	switch {
	case s.Actor == nil && s.ActorType == nil:
		return nil
	case s.Actor == nil:
		return deny("Parameter 'actor_token' required with 'actor_token_type'")
	case s.ActorType == nil:
		return deny("Parameter 'actor_token_type' required with 'actor_token'")
	case *s.ActorType != oauth.TypeAccessToken:
		return deny("Invalid actor token type")
	}
	return nil
}

// acting asks that the actor token is valid, by all that a subject token has to be.
func acting(s *state, t *explain.Trace) *oauth.Error {
	if s.Actor == nil {
		return nil
	}
	if !s.Actor.valid() {
		t.Add(explain.ExchangeActor, explain.Denied, "", s.Actor.flaw())
		return oauth.Errorf(oauth.InvalidRequest, "Invalid actor token").
			InEvent("invalid_token", "actor_token validation failure")
	}
	t.Add(explain.ExchangeActor, explain.Allowed, s.Actor.User.Username, s.Actor.Token.Client)
	return nil
}

// actorProven asks for proof of the key that an actor token is bound to, as of a subject token.
func actorProven(s *state, t *explain.Trace) *oauth.Error {
	if s.Actor == nil {
		return nil
	}
	return s.prove(s.Actor.Token, s.Actor.Token.Client == s.Client.ID, t)
}

// actorHeld asks that the actor token was issued to the requester, or for it. A token that somebody was sent for another
// purpose lets nobody act.
func actorHeld(s *state, t *explain.Trace) *oauth.Error {
	if s.Actor == nil || s.holds(s.Actor.Token) {
		return nil
	}
	const text = "Client is not within the actor token audience"
	t.Add(explain.ExchangeActor, explain.Denied, s.Client.ID, "neither the client of the actor token nor in its audience")
	return oauth.Errorf(oauth.AccessDenied, text).InEvent("not_allowed", text)
}

// unacted is why a token with "may_act" that nobody acts by yet is not exchanged.
const unacted = "the subject token names who may act, and no actor token came"

// delegated asks whether the actor may act for the subject (RFC 8693 §4.4). What decides is in the tokens: to leave the
// actor token out takes no rule away.
func delegated(s *state, t *explain.Trace) *oauth.Error {
	if s.As != nil {
		return nil // who acts is the subject, and may_act was asked about there
	}
	may, why := s.mayAct(), ""
	switch {
	case s.Actor == nil && (may == nil || s.Subject.Token.Actor != nil):
		return nil // nobody has to act, or who acts already was found to be allowed to and stays in the token
	case s.Actor == nil:
		why = unacted
	case s.Actor.User.ID == s.Subject.User.ID:
		why = "the actor is the subject"
	case s.Actor.Token.Actor != nil || len(s.Actor.Token.Path) > 0:
		why = "the actor token came by an exchange itself"
	case may != nil && !s.named(may):
		why = "the actor is not who the subject token says may act"
	case may == nil && !s.ownAccount() && !s.impersonates(s.Actor):
		why = "the actor is neither the service account of " + s.Client.ID + " nor may impersonate"
	}
	if why != "" {
		t.Add(explain.ExchangeDelegation, explain.Denied, s.actorName(), why)
		return notPermitted(why)
	}
	how := "the subject token says that it may"
	if may == nil {
		how = "it is the requester's own service account, or may impersonate"
	}
	t.Add(explain.ExchangeDelegation, explain.Allowed, s.actorName(), how)
	return nil
}

// stillActing asks again of those who act whom the token does not name as who may: a right that was taken away ends what came
// of it. That they, and the tokens by which they act, are good still is asked wherever a token is used.
func stillActing(s *state, t *explain.Trace) *oauth.Error {
	for _, a := range s.acting {
		if s.namedOnce(a) || s.asItself(a) || s.mayImpersonate(a.User) {
			t.Add(explain.ExchangeDelegation, explain.Allowed, a.User.Username, "it may still act")
			continue
		}
		why := "the actor is neither the service account of a client on the way nor may impersonate any more"
		t.Add(explain.ExchangeDelegation, explain.Denied, a.User.Username, why)
		return notPermitted(why)
	}
	return nil
}

// namedOnce tells whether the refresh token names who acts, as far as that can still be told: by which of their tokens they
// came to is in the past.
func (s *state) namedOnce(a Acting) bool {
	switch {
	case s.may == nil, s.may.Client != "" && s.may.Client != a.Client:
		return false
	case s.may.Subject != "":
		return s.may.Subject == a.User.ID
	}
	c := s.Realm.Client(s.may.Client)
	return c != nil && a.User.ServiceAccount == c.Key
}

// asItself tells whether who acts is a client that exchanged a token on the way, acting as itself.
func (s *state) asItself(a Acting) bool {
	c := s.Realm.Client(a.Client)
	return c != nil && a.User.ServiceAccount == c.Key && (c.ID == s.Client.ID || Passed(s.hops, c))
}

func (s *state) mayImpersonate(u *user.User) bool {
	a := permit.Administrator{Realm: s.Realm, User: u, Roles: u.RolesIn(s.Realm)}
	return a.RightsIn(s.Realm).May(permit.ToImpersonate)
}

func (s *state) actorName() string {
	if s.Actor == nil {
		return ""
	}
	return s.Actor.User.Username
}

// ownAccount tells whether the actor is the requester acting as itself.
func (s *state) ownAccount() bool {
	return s.Actor.User.ServiceAccount == s.Client.Key && s.Actor.Token.Client == s.Client.ID
}

// named tells whether the actor is who may act, by every member that says so: one that cannot be compared is not met.
// The user counts, not the claim "sub", which mappers write. Where only a client is named, it is the client itself
// that may act, and none of its users.
func (s *state) named(may *token.Actor) bool {
	actor, user := s.Actor.Token, s.Actor.User
	client := s.Realm.Client(actor.Client)
	switch {
	case may.Subject == "" && (may.Client == "" || client == nil || user.ServiceAccount != client.Key),
		may.Subject != "" && may.Subject != user.ID,
		may.Client != "" && may.Client != actor.Client,
		may.Issuer != "" && may.Issuer != s.Issuer,
		may.Token != "" && may.Token != actor.ID,
		may.Session != "" && may.Session != actor.Session,
		may.Actor != nil:
		return false
	}
	for _, m := range may.Other {
		if !Says(actor, m) {
			return false
		}
	}
	return true
}

// Says tells whether an actor token says what a member of "may_act" says that has no meaning of its own.
func Says(actor *token.Verified, m token.Member) bool {
	said := actor.Other.Get(m.Name)
	return said != nil && sameJSON(m.Value, said)
}

func sameJSON(a, b any) bool {
	write := func(v any) string { return string(token.Object{{Name: "v", Value: v}}.AppendJSON(nil)) }
	return write(a) == write(b)
}

// actor is who acts by what is issued, those before them inside.
func (s *state) actor() *token.Actor {
	by, before := s.Actor, s.abroad(s.Subject.Token.Actor)
	if s.As != nil {
		by = s.Subject
	}
	if by == nil {
		return before
	}
	return &token.Actor{
		Subject: by.User.ID, Client: by.Token.Client, Token: by.Token.ID, Session: by.Token.Session, Actor: before,
	}
}

// Acting tells whether the request is about more people than the one that the subject speaks of.
func (q *Request) Acting() bool {
	return q.Actor != nil || q.ActorType != nil || q.As != nil ||
		q.Subject != nil && q.Subject.Token != nil && q.Subject.Token.MayAct != nil
}

// mayAct is who may act for the subject, by the subject token; nil where it does not say.
func (s *state) mayAct() *token.Actor { return s.abroad(s.Subject.Token.MayAct) }

// abroad is an actor as the subject token names them: in another issuer's token somebody whom that issuer knows, if it
// does not say otherwise, and not whoever has the same id here (RFC 8693 §4.1).
func (s *state) abroad(a *token.Actor) *token.Actor {
	if a == nil || s.Foreign == nil {
		return a
	}
	there := *a
	there.Issuer, there.Actor = cmp.Or(a.Issuer, s.Subject.Token.Issuer), s.abroad(a.Actor)
	return &there
}
