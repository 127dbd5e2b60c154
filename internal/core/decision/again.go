package decision

import (
	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Verdict is what a realm makes of a request that was decided before.
type Verdict struct {
	Outcome
	Because string // the reason of a refusal, in words
}

// Again takes a decision anew in a realm that may be another than it was taken in. ok is false where the record does not say
// enough: the request was refused for what no log holds, as a password, or for what it is not its realm's to say; or it was about who acts, which no log holds either.
//
// Users, their roles and consents are taken as they were. What is not looked at: what claim mappers read of the user.
func Again(d Record, r *realm.Realm) (v Verdict, ok bool) {
	if !d.Outcome.Granted && d.Outcome.Rule == "" || d.ClientKey == "" || d.Asked.Acting {
		return v, false
	}
	c := r.Client(d.Client)
	switch {
	case !r.Enabled:
		return denied(explain.ReplayRealm, r.Name, oauth.AccessDenied), true
	case c == nil:
		return denied(explain.ReplayClient, d.Client, oauth.InvalidClient, "gone"), true
	case !c.Enabled:
		return denied(explain.ReplayClient, d.Client, oauth.InvalidClient, "disabled"), true
	}
	a := &anew{Record: d, realm: r, client: c}
	switch {
	case d.Grant == string(oauth.TokenExchange):
		return a.exchange(), true
	case d.Asked.Renewed:
		return a.renewal(), true
	case d.User == nil:
		return v, false
	}
	return a.issue(), true
}

// anew is a record on its way through another realm.
type anew struct {
	Record
	realm  *realm.Realm
	client *realm.Client
}

func (a *anew) exchange() Verdict {
	q := exchange.Request{
		Realm: a.realm, Issuer: a.Issuer, Client: a.client, RequestedType: (*oauth.TokenType)(a.Asked.Type),
		Scope: a.Asked.Scope, Audiences: a.Asked.Audience, Resources: a.Asked.Resource, Legacy: a.Asked.Legacy,
		Proved: proof.Proved{Key: a.Proof, Certificate: a.Certificate}, Explain: true,
	}
	if a.Subject != nil {
		q.SubjectType = (*oauth.TokenType)(a.Subject.Type)
		q.Subject = a.subject()
	}
	if f := a.Foreign; f != nil {
		q.Foreign = &exchange.Foreign{Name: f.Name, Provider: a.realm.Provider(f.Provider), Flaw: exchange.Flaw(f.Flaw), Standing: exchange.Standing(f.Standing)}
	}
	if o := a.Outward; o != nil {
		q.Outward = &exchange.Outward{Name: o.Name, Provider: a.realm.Provider(o.Provider), Held: exchange.Holding(o.Held)}
	}
	return verdict(exchange.Decide(q))
}

// subject is the token that was brought. One that was issued to a client which is gone or disabled is not valid.
func (a *anew) subject() *exchange.Subject {
	s := a.Subject
	switch issuer := a.realm.Client(s.Client); {
	case s.Token == "":
		return nil
	case s.Flaw != "" || a.User == nil:
		return &exchange.Subject{Flaw: s.Flaw}
	case a.Foreign != nil: // its client is not of this realm
	case issuer == nil:
		return &exchange.Subject{Flaw: "client gone"}
	case !issuer.Enabled:
		return &exchange.Subject{Flaw: "client disabled"}
	}
	t := &token.Verified{Claims: token.Claims{Client: s.Client, Audience: s.Audience, Scope: s.Scope, Session: s.Session, Expires: s.Expires, Path: hops(s.Path),
		RequestedResource: s.Resource},
		Origin: token.Origin{Session: token.SessionKind(s.Kind)}}
	if s.Key != "" || s.Certificate != "" {
		t.Confirmation = &token.Confirmation{JKT: s.Key, Certificate: s.Certificate}
	}
	return &exchange.Subject{Token: t, User: a.user(), Session: a.session(s.Session)}
}

func (a *anew) renewal() Verdict {
	q := exchange.Renewal{Realm: a.realm, Issuer: a.Issuer, Client: a.client, Audiences: a.Asked.Audience, Session: a.session(a.Session), Explain: true}
	if a.Asked.Scope != nil {
		q.Scope = *a.Asked.Scope
	}
	if a.Subject != nil {
		q.Path = hops(a.Subject.Path)
		if a.Subject.Scope != nil {
			q.Held = *a.Subject.Scope
		}
	}
	if q.User = a.user(); q.User == nil {
		return denied(explain.ExchangeSubject, "", oauth.InvalidGrant, "user gone")
	}
	return verdict(exchange.Renew(q))
}

// issue finds where the tokens of every other grant may be used, and whether the client may use the grant.
func (a *anew) issue() Verdict {
	if use, known := uses[oauth.GrantType(a.Grant)]; known && !use(a.client) {
		return denied(explain.ReplayGrant, a.client.ID, oauth.UnauthorizedClient, a.Grant)
	}
	q := audience.Request{Realm: a.realm, Issuer: a.Issuer, Client: a.client, User: a.user(), Session: a.session(a.Session)}
	if a.Asked.Scope != nil {
		q.Scope = *a.Asked.Scope
	}
	if a.client.Tokens.Lightweight {
		q.Use = mapper.Lightweight
	}
	found := audience.Resolve(q)
	return Verdict{Outcome: Outcome{Granted: true, Issued: issued(&found)}}
}

// uses are the switches of grants that clients have.
var uses = map[oauth.GrantType]func(*realm.Client) bool{
	oauth.AuthorizationCode: func(c *realm.Client) bool { return c.StandardFlow },
	oauth.Password:          func(c *realm.Client) bool { return c.DirectAccess },
	oauth.ClientCredentials: func(c *realm.Client) bool { return c.ServiceAccounts && !c.Public },
}

func (a *anew) user() *user.User {
	if a.User == nil {
		return nil
	}
	u := &user.User{ID: a.User.ID, Enabled: true, ServiceAccount: a.User.Service, Roles: a.User.Roles}
	for _, g := range a.User.Groups {
		u.Groups = append(u.Groups, &realm.Group{Key: g.ID, Roles: g.Roles})
		u.GroupKeys = append(u.GroupKeys, g.ID)
	}
	if a.User.Consent != nil {
		u.Consents = []user.Consent{{Client: a.client.Key, Scopes: a.User.Consent}}
	}
	return u
}

func (a *anew) session(id string) *session.Session {
	if id == "" || a.User == nil {
		return nil
	}
	return &session.Session{ID: id, UserID: a.User.ID, Offline: a.Subject != nil && token.SessionKind(a.Subject.Kind) == token.Offline}
}

func hops(path []Hop) []token.Hop {
	var out []token.Hop
	for _, h := range path {
		out = append(out, token.Hop{Client: h.Client, Issuer: h.Issuer})
	}
	return out
}

func verdict(d exchange.Decision) Verdict {
	if d.Refuse == nil {
		v := Verdict{Outcome: Outcome{Granted: true, Issued: issued(&d.Grant.Resolution)}}
		v.Issued.Type = string(d.Grant.Type)
		return v
	}
	v := Verdict{Outcome: Outcome{Rule: d.Rule, Error: string(d.Refuse.Code), Event: d.Refuse.Event, Status: d.Refuse.Status}, Because: d.Refuse.Description}
	if steps := d.Trace.Denials(); len(steps) > 0 {
		last := steps[len(steps)-1]
		v.Because = last.Because()
		if last.Subject != "" {
			v.Because = last.Subject + ": " + v.Because
		}
	}
	return v
}

func denied(rule explain.Rule, subject string, code oauth.Code, args ...string) Verdict {
	t := &explain.Trace{}
	t.Add(rule, explain.Denied, subject, args...)
	refusal := oauth.Errorf(code, "")
	return Verdict{Outcome: Outcome{Rule: rule, Error: string(code), Status: refusal.Status}, Because: t.Steps[0].Because()}
}
