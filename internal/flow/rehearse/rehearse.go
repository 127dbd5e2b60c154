// Package rehearse plays decisions through that nobody asked for: what a client would get for a
// user, and why. It calls the code that decides requests, since an explanation that other code
// produces is worth nothing; it verifies no token, writes nothing and signs nothing.
package rehearse

import (
	"errors"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Scene is who would ask for a token.
type Scene struct {
	Realm    *realm.Realm
	Base     string // the server's URL as callers reach it
	Client   *realm.Client
	User     *user.User // who signs in, or the client's service account
	Service  bool       // User is the service account: the client asks for itself
	Scope    string     // parameter "scope"
	Resource *string    // parameter "resource"; nil: it is not sent
	Now      time.Time

	Attributes map[string]string // of the client, where client policies ask for them
}

// Audience is where an access token could be used.
type Audience struct {
	Audiences []string
	Scope     string // of the token
	Trace     *explain.Trace
	Wanted    []Wanted
	Refusal   *oauth.Error // of the resource; nil: there is a token
}

// Wanted is an audience that was asked about.
type Wanted struct {
	Audience string
	Reached  bool
	Fixes    []explain.Fix // each of which reaches it; none where it is reached
}

// OfAudience tells where an access token would be usable, and how it could be where it is wanted. What client policies
// have against the request is in the trace.
func OfAudience(s Scene, want ...string) Audience {
	s, trace := s.policed()
	found, refusal := s.resolve(trace)
	a := Audience{Trace: trace, Refusal: refusal}
	if refusal == nil {
		a.Audiences, a.Scope = found.Audiences, found.ScopeClaim()
	}
	for _, name := range want {
		w := Wanted{Audience: name, Reached: slices.Contains(a.Audiences, name)}
		if !w.Reached {
			a.Trace.Join(found.Why(name))
			w.Fixes = audience.Fixes(s.request(), name)
		}
		a.Wanted = append(a.Wanted, w)
	}
	return a
}

// resolve finds where the scene's token may be used, for the resource that is asked for, if that can be had.
func (s Scene) resolve(t *explain.Trace) (*audience.Resolution, *oauth.Error) {
	q := s.request()
	resources, targets, err := audience.ForResource(s.Realm, s.Resource, t)
	q.Audiences, q.KeepScopes = targets, true
	found := audience.Resolve(q)
	t.Join(found.Trace)
	if err == nil {
		found.Trace = t
		err = found.Reached(resources)
	}
	no, _ := errors.AsType[*oauth.Error](err)
	return &found, no
}

// Token is what an access token would say.
type Token struct {
	Claims  token.Claims
	Trace   *explain.Trace
	Refusal *oauth.Error // of the resource; nil: there is a token
}

// OfToken composes the access token that the scene leads to. Its ids are placeholders. What client policies have against
// the request is in the trace.
func OfToken(s Scene) Token {
	s, trace := s.policed()
	found, refusal := s.resolve(trace)
	if refusal != nil {
		return Token{Trace: trace, Refusal: refusal}
	}
	made := s.mint(found)
	trace.Join(made.Trace)
	return Token{Claims: made.Claims, Trace: trace}
}

// Exchange is what would come of a token exchange.
type Exchange struct {
	Refusal   *oauth.Error // nil: it would be granted
	Audiences []string     // of the token that would be issued
	Scope     string
	Trace     *explain.Trace
	Fixes     []explain.Fix
}

// Parameters are those of an exchange request. What is absent is nil.
type Parameters struct {
	RequestedType *oauth.TokenType
	Scope         *string
	Audiences     []string
	Attributes    map[string]string       // of the requester, where client policies ask for them
	Actor         *Scene                  // whose access token is the actor token
	As            *exchange.Impersonation // parameter "requested_subject"
	Resources     []string
	Legacy        []string          // parameters of the legacy exchange that are sent
	Foreign       *exchange.Foreign // who issued the subject token; nil: the realm
	Subject       *exchange.Subject // beside it
	Outward       *exchange.Outward // parameter "requested_issuer"
}

// OfExchange decides what the requester would get for the access token that the scene leads to. A requester
// that is disabled is not told apart: its credentials are refused before anything is decided.
func OfExchange(subject Scene, requester *realm.Client, p Parameters) Exchange {
	access := oauth.TypeAccessToken
	q := exchange.Request{
		Realm:         subject.Realm,
		Issuer:        subject.Realm.Issuer(subject.Base),
		Client:        requester,
		Subject:       p.Subject,
		SubjectType:   &access,
		RequestedType: p.RequestedType,
		Scope:         p.Scope,
		Audiences:     p.Audiences,
		Caller:        caller(requester, subject.Realm.Issuer(subject.Base), p.Attributes),
		As:            p.As,
		Resources:     p.Resources,
		Legacy:        p.Legacy,
		Foreign:       p.Foreign,
		Outward:       p.Outward,
		Proved:        proof.Proved{Key: rehearsed, Certificate: rehearsed},
		Explain:       true,
	}
	if q.Subject == nil {
		q.Subject = subject.held()
	}
	if p.Actor != nil {
		q.Actor, q.ActorType = p.Actor.held(), &access
	}
	d := exchange.Decide(q)
	if d.Grant == nil {
		return Exchange{Refusal: d.Refuse, Trace: d.Trace, Fixes: exchange.Fixes(q, d)}
	}
	return Exchange{Audiences: d.Grant.Resolution.Audiences, Scope: d.Grant.Resolution.ScopeClaim(), Trace: d.Trace}
}

// rehearsed stands for the key of whoever is played: what could be proved is taken to be.
const rehearsed = "rehearsed"

// held is the scene's token as a subject. Who is disabled has none that is good.
func (s Scene) held() *exchange.Subject {
	if flaw := s.flaw(); flaw != "" {
		return &exchange.Subject{Flaw: string(flaw)}
	}
	return &exchange.Subject{Token: &token.Verified{Claims: s.says(), Origin: s.origin()}, User: s.User, Session: s.session()}
}

// flaw is why the scene's token would not be valid; empty where it would be.
func (s Scene) flaw() verify.Reason {
	switch {
	case !s.Client.Enabled:
		return verify.ClientDisabled
	case s.User == nil || !s.User.Enabled:
		return verify.UserDisabled
	}
	return ""
}

// says are the claims of the scene's token, bound as the client wants it.
func (s Scene) says() token.Claims {
	c := OfToken(s).Claims
	if s.Client.Tokens.Bound() {
		c.Confirmation = &token.Confirmation{}
	}
	if s.Client.Tokens.BindDPoP {
		c.Confirmation.JKT = rehearsed
	}
	if s.Client.Tokens.BindTLS {
		c.Confirmation.Certificate = rehearsed
	}
	return c
}

// request asks the heart where the scene's token may be used.
func (s Scene) request() audience.Request {
	use := mapper.Access
	if s.Client.Tokens.Lightweight {
		use = mapper.Lightweight
	}
	return audience.Request{Realm: s.Realm, Issuer: s.Realm.Issuer(s.Base), Client: s.Client, User: s.User,
		Session: s.session(), Scope: s.Scope, Use: use, Explain: true}
}

// placeholder stands where a token would have an id of its own.
const placeholder = "00000000-0000-0000-0000-000000000000"

// session is the sign-in that the scene supposes; a service account has none.
func (s Scene) session() *session.Session {
	if s.Service || s.User == nil {
		return nil
	}
	return &session.Session{ID: placeholder, Offline: s.offline(), UserID: s.User.ID, Username: s.User.Username,
		Started: s.Now, LastAccess: s.Now, Method: "openid-connect"}
}

// offline tells whether the scene supposes a sign-in that outlasts the browser's.
func (s Scene) offline() bool { return !s.Service && s.Realm.AsksOffline(s.Client, s.Scope) }

// origin is how the scene's token would have come to be.
func (s Scene) origin() token.Origin {
	o := token.Origin{Session: token.Online, Lightweight: s.Client.Tokens.Lightweight, Grant: token.ByPassword}
	switch {
	case s.Service:
		o.Session, o.Grant = token.Transient, token.ByClientCredentials
	case s.offline():
		o.Session = token.Offline
	}
	return o
}

func (s Scene) mint(found *audience.Resolution) mint.Token {
	return mint.Access(mint.Request{For: found, Base: s.Base, ID: placeholder, Origin: s.origin(),
		Now: s.Now, Expires: s.Now.Add(s.Realm.Lifespans.AccessToken), Explain: true})
}
