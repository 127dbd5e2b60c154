package decision

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
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
// enough: the request was refused for what no log holds, as a password, or for what it is not its realm's to say; or what
// decides now nobody had looked at then, as a token of a provider that was not trusted.
//
// Users, their roles and consents are taken as they were, and so are the tokens that were brought. What is not looked at:
// what claim mappers read of the user.
func Again(d Record, r *realm.Realm) (v Verdict, ok bool) {
	if !d.Outcome.Granted && d.Outcome.Rule == "" || d.ClientKey == "" || d.Asked.Acting && d.Others == nil {
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
		return a.exchange()
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

func (a *anew) exchange() (v Verdict, ok bool) {
	q := exchange.Request{
		Realm: a.realm, Issuer: a.Issuer, Client: a.client, RequestedType: (*oauth.TokenType)(a.Asked.Type),
		Scope: a.Asked.Scope, Audiences: a.Asked.Audience, Resources: a.Asked.Resource, Legacy: a.Asked.Legacy,
		Proved: proof.Proved{Key: a.Proof, Certificate: a.Certificate}, Explain: true,
	}
	if a.Subject != nil {
		q.SubjectType = (*oauth.TokenType)(a.Subject.Type)
		q.Subject = a.subject()
	}
	if f := a.Foreign; f != nil && exchange.TakesForeign(a.client) && !exchange.MakesIdentity(a.client, q.RequestedType) {
		q.Foreign = &exchange.Foreign{Name: f.Name, Provider: federation.Named(a.realm, f.Name), Flaw: exchange.Flaw(f.Flaw), Standing: exchange.Standing(f.Standing)}
	}
	if o := a.Outward; o != nil {
		q.Outward = &exchange.Outward{Name: o.Name, Provider: a.realm.Provider(o.Name), Held: exchange.Holding(o.Held)}
	}
	if o := a.Others; o != nil {
		q.ActorType, q.Actor, q.As = (*oauth.TokenType)(o.ActorType), a.actor(), a.as()
	}
	d := exchange.Decide(q)
	if a.unseen(q, d) {
		return v, false
	}
	return verdict(d), true
}

// unseen tells whether a decision turns on what nobody had looked at when the request came, since it was refused before.
func (a *anew) unseen(q exchange.Request, d exchange.Decision) bool {
	if d.Refuse == nil {
		return false
	}
	switch d.Rule {
	case explain.ExchangeSubject, explain.PolicyDemand:
		same := d.Rule == a.Outcome.Rule && d.Refuse.Event == a.Outcome.Event
		said := d.Rule == explain.ExchangeSubject && d.Refuse.Event != "invalid_token" // by the parameters alone
		return !a.looked(q.Foreign) && !same && !said
	case explain.ExchangeStored:
		return q.Outward.Held == exchange.Unseen && exchange.MayGet(a.client, q.Outward.Provider)
	}
	return false
}

// looked tells whether it is known if the subject token is valid, for the provider that its issuer means now.
func (a *anew) looked(f *exchange.Foreign) bool {
	s := a.Subject
	switch {
	case s == nil || s.Token == "": // none came
		return true
	case f == nil:
		return a.Foreign == nil && (s.Flaw != "" || s.Client != "")
	case f.Provider == nil || a.Foreign.Provider != f.Provider.Alias:
		return false
	}
	return f.Flaw != "" || a.believed()
}

// believed tells whether a token was found valid: only such a token's end is noted.
func (a *anew) believed() bool { return a.Subject.Flaw == "" && a.Subject.Expires != 0 }

// subject is the token that was brought. One that was issued to a client which is gone or disabled is not valid.
func (a *anew) subject() *exchange.Subject {
	s := a.Subject
	switch {
	case s.Token == "":
		return nil
	case a.Foreign == nil: // of others the client is not of this realm
		return a.held(s, a.User)
	case !a.believed():
		return &exchange.Subject{Flaw: s.Flaw}
	}
	return &exchange.Subject{Token: s.verified(a.Foreign), User: a.user(), Session: a.session(s.Session)}
}

// actor is the token of who acts; nil where none came.
func (a *anew) actor() *exchange.Subject {
	s := a.Others.Actor
	if s == nil {
		return nil
	}
	held := a.held(s, a.Others.ActorUser)
	if held.Token == nil {
		return held
	}
	held.Token.ID = s.ID
	if a.Subject != nil && a.Subject.MayAct != nil {
		for name, same := range a.Subject.MayAct.Other {
			if same {
				held.Token.Other.Set(sameAsNamed, name)
			}
		}
	}
	a.carry(held.Token, s.Roles)
	return held
}

// sameAsNamed stands for what both "may_act" and the actor token say.
const sameAsNamed = "the same"

// as is whom the subject asked to be taken for. Of the name that was asked for there is the id.
func (a *anew) as() *exchange.Impersonation {
	as := a.Others.As
	if as == nil {
		return nil
	}
	u := a.userOf(as.User)
	if u == nil {
		return &exchange.Impersonation{}
	}
	u.Enabled = !as.Disabled
	return &exchange.Impersonation{Name: u.ID, User: u}
}

// held is a token of the realm that spoke of a user.
func (a *anew) held(s *Subject, u *User) *exchange.Subject {
	switch issuer := a.realm.Client(s.Client); {
	case s.Flaw != "" || u == nil:
		return &exchange.Subject{Flaw: s.Flaw}
	case issuer == nil:
		return &exchange.Subject{Flaw: "client gone"}
	case !issuer.Enabled:
		return &exchange.Subject{Flaw: "client disabled"}
	}
	t := s.verified(nil)
	a.carry(t, s.Roles)
	return &exchange.Subject{Token: t, User: a.userOf(u), Session: a.session(s.Session)}
}

// verified is what the token said.
func (s *Subject) verified(f *Foreign) *token.Verified {
	t := &token.Verified{Claims: token.Claims{Client: s.Client, Audience: s.Audience, Scope: s.Scope, Session: s.Session, Expires: s.Expires, Path: hops(s.Path),
		RequestedResource: s.Resource, MayAct: s.MayAct.actor()},
		Origin: token.Origin{Session: token.SessionKind(s.Kind)}}
	if f != nil {
		t.Issuer = cmp.Or(s.Issuer, f.Name)
	}
	if s.Key != "" || s.Certificate != "" {
		t.Confirmation = &token.Confirmation{JKT: s.Key, Certificate: s.Certificate}
	}
	if s.Acted {
		t.Actor = &token.Actor{}
	}
	return t
}

// actor is who may act, as claims say it.
func (m *MayAct) actor() *token.Actor {
	if m == nil {
		return nil
	}
	out := &token.Actor{Subject: m.Subject, Client: m.Client, Issuer: m.Issuer, Token: m.Token, Session: m.Session}
	if m.Acted {
		out.Actor = &token.Actor{}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Other)) {
		out.Other.Set(sameAsNamed, name)
	}
	return out
}

// carry writes roles into a token where tokens have them. Those that the realm does not have any more are not carried.
func (a *anew) carry(t *token.Verified, roles []string) {
	names := map[string][]string{}
	for _, id := range roles {
		if role := a.realm.RoleByKey(id); role != nil {
			ref := a.realm.Ref(role)
			names[ref.Client] = append(names[ref.Client], ref.Name)
		}
	}
	for _, client := range slices.Sorted(maps.Keys(names)) {
		if client == "" {
			t.Other.Set(names[client], "realm_access", "roles")
		} else {
			t.Other.Set(names[client], "resource_access", client, "roles")
		}
	}
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
	if len(a.Asked.Resource) > 0 {
		targets, err := audience.Targets(a.realm, a.Asked.Resource)
		if err != nil {
			return denied(explain.AudienceResource, a.Asked.Resource[0], oauth.InvalidTarget, "no resource of an enabled client")
		}
		q.Audiences, q.KeepScopes = targets, true
	}
	found := audience.Resolve(q)
	if len(found.Missing) > 0 {
		return denied(explain.AudienceResource, found.Missing[0], oauth.InvalidTarget, "not reachable by this client and user")
	}
	return Verdict{Outcome: Outcome{Granted: true, Issued: issued(&found)}}
}

// uses are the switches of grants that clients have.
var uses = map[oauth.GrantType]func(*realm.Client) bool{
	oauth.AuthorizationCode: func(c *realm.Client) bool { return c.StandardFlow },
	oauth.Password:          func(c *realm.Client) bool { return c.DirectAccess },
	oauth.ClientCredentials: func(c *realm.Client) bool { return c.ServiceAccounts && !c.Public },
	oauth.JWTBearer:         func(c *realm.Client) bool { return c.Assertions.Enabled && !c.Public },
}

// user is who the decision was about.
func (a *anew) user() *user.User { return a.userOf(a.User) }

// userOf is a user as they were; nil where there was none. Their name is not in the log.
func (a *anew) userOf(was *User) *user.User {
	if was == nil {
		return nil
	}
	u := &user.User{ID: was.ID, Username: was.ID, Enabled: true, ServiceAccount: was.Service, Roles: was.Roles}
	for _, g := range was.Groups {
		u.Groups = append(u.Groups, &realm.Group{Key: g.ID, Roles: g.Roles})
		u.GroupKeys = append(u.GroupKeys, g.ID)
	}
	if was.Consent != nil {
		u.Consents = []user.Consent{{Client: a.client.Key, Scopes: was.Consent}}
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
		v := Verdict{Outcome: Outcome{Granted: true}}
		if found := &d.Grant.Resolution; found.Realm != nil { // what is for another issuer, or of one, means nothing here
			v.Issued = issued(found)
			v.Issued.Type = string(d.Grant.Type)
		}
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
