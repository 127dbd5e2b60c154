package decision

import (
	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
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
	case d.User == nil && !d.Asked.Renewed:
		return v, false
	}
	if use, known := uses[oauth.GrantType(d.Grant)]; known && !use(a.client) {
		return denied(explain.ReplayGrant, a.client.ID, oauth.UnauthorizedClient, d.Grant), true
	}
	said, because, ok := a.policed()
	switch {
	case !ok:
		return v, false
	case said.Refuse != nil:
		return refused(explain.PolicyDemand, said.Refuse, because), true
	case d.Asked.Renewed:
		return a.renewal(), true
	}
	return a.issue(said), true
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
		if asksClaims(d) { // of which the log holds a few
			return true
		}
		same := d.Rule == a.Outcome.Rule && d.Refuse.Event == a.Outcome.Event
		said := d.Rule == explain.ExchangeSubject && d.Refuse.Event != "invalid_token" // by the parameters alone
		return !a.looked(q.Foreign) && !same && !said
	case explain.ExchangeStored:
		return q.Outward.Held == exchange.Unseen && exchange.MayGet(a.client, q.Outward.Provider)
	}
	return false
}

// asksClaims tells whether a client policy refuses for a claim of the subject token.
func asksClaims(d exchange.Decision) bool {
	steps := d.Trace.Denials()
	return d.Rule == explain.PolicyDemand && len(steps) > 0 && steps[len(steps)-1].Subject == policy.KindClaims
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

// issue finds where the tokens of every other grant may be used, under what the client policies said.
func (a *anew) issue(said policy.Verdict) Verdict {
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
	if said.Downscoped {
		q.Within = &audience.Bound{}
		if had := a.Caller.Had; had != nil {
			q.Within.Scope = *had
		}
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

func verdict(d exchange.Decision) Verdict {
	if d.Refuse == nil {
		v := Verdict{Outcome: Outcome{Granted: true}}
		if found := &d.Grant.Resolution; found.Realm != nil { // what is for another issuer, or of one, means nothing here
			v.Issued = issued(found)
			v.Issued.Type = string(d.Grant.Type)
		}
		return v
	}
	return refused(d.Rule, d.Refuse, d.Trace)
}

// refused is a refusal by a rule. The trace ends with why.
func refused(rule explain.Rule, no *oauth.Error, t *explain.Trace) Verdict {
	v := Verdict{Outcome: Outcome{Rule: rule, Error: string(no.Code), Event: no.Event, Status: no.Status}, Because: no.Description}
	if steps := t.Denials(); len(steps) > 0 {
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
