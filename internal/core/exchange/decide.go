package exchange

import (
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// rule refuses, or leaves it to those after it, and records what it looked at.
type rule struct {
	name explain.Rule
	ask  func(*state, *explain.Trace) *oauth.Error
}

// rules are all rules, in order; the numbers are those of Keycloak's checks.
var rules = []rule{
	{explain.ExchangeUnsupported, plain},           // S1–S3: no parameter of the legacy exchange, but for who may impersonate
	{explain.ExchangeEnabled, enabled},             // S4: exchange is on for the requester
	{explain.ExchangeImpersonation, impersonator},  // nobody impersonates without a token of their own
	{explain.ExchangeIssuer, trusted},              // another issuer's token is of a provider that is trusted
	{explain.ExchangeSubject, presented},           // S5–S7: there is a subject token, said to be an access token
	{explain.PolicyDemand, policed},                // the client policies have nothing against it
	{explain.ExchangeSubject, valid},               // T1: it is valid
	{explain.ExchangeLink, linked},                 // another issuer's speaks of a user of the realm
	{explain.ExchangeProof, proven},                // T2: where it is bound to a key, its holder exchanges it
	{explain.ExchangeType, askable},                // R1: what is asked for may be
	{explain.ExchangeTarget, known},                // A1: the audiences exist
	{explain.ExchangePublic, entitled},             // A2: the requester has credentials, or may do without
	{explain.ExchangeTarget, open},                 // A3: the audiences are enabled
	{explain.ExchangeHolder, holding},              // A4: the subject token was issued to the requester, or for it
	{explain.ExchangeImpersonation, impersonating}, // who asks to be somebody else may be
	{explain.ExchangeResource, resourced},          // the resources named are of clients, which become the audiences
	{explain.ExchangeScope, scoped},                // C1: the scopes asked for are the requester's
	{explain.ExchangeType, issuable},               // R2: what is asked for can be issued
	{explain.ExchangeSession, online},              // X1: a refresh token has a session to live in
	{explain.ExchangeSession, bounded},             // X2: and does not outlive it
	{explain.ExchangeConsent, consented},           // X3: the user consented to the scopes
	{explain.ExchangeActor, paired},                // an actor token came with its type,
	{explain.ExchangeActor, acting},                // it is valid,
	{explain.ExchangeProof, actorProven},           // where it is bound to a key, its holder brings it,
	{explain.ExchangeActor, actorHeld},             // and it is the requester's, or for it
	{explain.ExchangeDelegation, delegated},        // who acts may act for the subject
	{explain.ExchangePermitted, permitted},         // the requester lists the audiences
	{explain.ExchangeAccepts, accepted},            // the audiences list the requester
	{explain.ExchangeChain, short},                 // there are not too many exchanges behind the token
	{explain.ExchangeCycle, straight},              // and none of them was the requester's
	{explain.AudienceRequested, reachable},         // X4: scopes and roles lead to the audiences
	{explain.ExchangePermitted, onlyPermitted},     // where none was named: those not listed are dropped,
	{explain.ExchangeAccepts, onlyAccepting},       // and those that do not list the requester
}

// renewal are the rules that are asked again when what came of an exchange is refreshed. The others
// looked at what does not change, or at what every refresh looks at; that an audience is gone the rule
// finds that cannot reach it, for here a custom one that a mapper gave may stand beside clients.
var renewal = []rule{
	{explain.ExchangeEnabled, enabled},
	{explain.ExchangeIssuer, trusted},
	{explain.PolicyDemand, policedAgain},
	{explain.ExchangePublic, entitled},
	{explain.ExchangeTarget, open},
	{explain.ExchangeType, renewable},
	{explain.ExchangeDelegation, stillActing},
	{explain.ExchangePermitted, permitted},
	{explain.ExchangeAccepts, accepted},
	{explain.ExchangeChain, short},
	{explain.ExchangeCycle, straight},
	{explain.AudienceRequested, reachable},
	{explain.ExchangePermitted, onlyPermitted},
	{explain.ExchangeAccepts, onlyAccepting},
}

// Decide decides an exchange. It reads nothing but the request and changes nothing.
func Decide(q Request) Decision {
	s := begin(q)
	switch {
	case q.Outward != nil && GetsForeign(q.Client):
		return decideOutward(s)
	case MakesIdentity(q.Client, q.RequestedType):
		return decideIdentity(s)
	}
	d := decide(s, rules)
	if d.Grant != nil {
		d.Grant.Actor, d.Grant.MayAct = s.actor(), s.mayAct()
		if q.Realm.Exchange.CapLifetime {
			d.Grant.NotAfter = s.ends()
		}
	}
	return d
}

// begin is what is known of a request before any rule has looked at it.
func begin(q Request) *state {
	s := &state{Request: q}
	if q.Subject != nil && q.Subject.Token != nil {
		s.hops, s.had = q.path(), q.Subject.Token.Scopes()
	}
	return s
}

// ends is when the first of the tokens ends that the exchange came by; zero where none does.
func (s *state) ends() time.Time {
	var first int64
	for _, held := range []*Subject{s.Subject, s.Actor} {
		if held == nil || held.Token.Expires == 0 {
			continue
		}
		if first == 0 || held.Token.Expires < first {
			first = held.Token.Expires
		}
	}
	if first == 0 {
		return time.Time{}
	}
	return time.Unix(first, 0)
}

// decide asks the rules one after the other, and finds what may be issued where none refuses.
func decide(s *state, rules []rule) Decision {
	d := s.ask(rules)
	if d.Refuse == nil {
		d.Grant = &Grant{Type: s.kind, Resolution: *s.resolve(d.Trace), Path: s.hops, Resources: s.resources}
	}
	return d
}

// ask asks the rules one after the other. What they grant is for the caller to say where none refuses.
func (s *state) ask(rules []rule) (d Decision) {
	if s.Explain {
		d.Trace = &explain.Trace{}
	}
	for _, r := range rules {
		if refusal := r.ask(s, d.Trace); refusal != nil {
			d.Refuse, d.Rule, d.Targets = refusal, r.name, s.targets
			return d
		}
	}
	return d
}

// state is a request and what the rules found out about it on the way.
type state struct {
	Request
	kind      oauth.TokenType // what is asked for
	hops      []token.Hop     // behind what is issued, the subject last
	had       string          // scopes of the subject
	kept      []string        // the audiences that narrowing left; nil: it took none away
	found     *audience.Resolution
	resolved  bool     // it was found once
	resources []string // that what is issued is for
	targets   []string // the audiences that a refusal is about

	may    *token.Actor // of a refresh: who may act,
	acting []Acting     // and who does

	downscoped bool // a client policy leaves only scopes of the subject
}
