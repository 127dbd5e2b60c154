package grant

import (
	"cmp"
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/decision"
	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Exchange gives a token for another (RFC 8693). It conducts: flow/verify proves who asks and what they
// hold, core/exchange decides whether they may, core/mint composes what they get.
func (i *Issuer) Exchange(ctx context.Context, q ExchangeRequest) (resp *Response, err error) {
	t, err := i.begin(ctx, event.TokenExchange, oauth.TokenExchange, q.Call)
	if err != nil {
		return nil, err
	}
	defer func() { t.end(ctx, err) }()

	held, flaw, err := t.parties(ctx, q) // who asks, and what they hold
	if err != nil {
		return nil, err
	}
	t.beginAnew()
	t.event.Set("auth_method", "token_exchange")
	caller, err := t.callerFacts(ctx)
	if err != nil {
		return nil, err
	}
	others, err := t.others(ctx, q, held) // who else it is about
	if err != nil {
		return nil, err
	}
	ask := t.exchangeRequest(q, held, flaw)
	if ask.Outward, err = t.outward(ctx, q, held); err != nil {
		return nil, err
	}
	ask.Caller = caller
	ask.Actor, ask.As = others.actor, others.as
	d := t.decideExchange(q, ask) // whether they may
	if t.getsForeign(q) {
		return t.handOut(ctx, q, ask, d)
	}
	limited := t.countExchange(ctx, held, d)
	if limited == nil { // else nobody is made or changed
		if held, d, err = t.takeIn(ctx, q, held, ask, d); err != nil {
			return nil, err
		}
	}
	t.recordDecision(q, held, d)
	others.record(t, held, d)
	switch {
	case d.Refuse != nil:
		return nil, d.Refuse
	case limited != nil:
		return nil, limited
	}
	if d.Grant.Type == oauth.TypeIdentity {
		return t.vouch(ctx, q, held, d)
	}
	t.resources = d.Grant.Resources
	t.stayBound(held.Token.Confirmation)
	if others.actor != nil {
		t.stayBound(others.actor.Token.Confirmation)
	}
	place := t.placeIn
	if t.foreign != nil {
		place = t.placeAnew
	}
	x, err := place(ctx, held, d) // what becomes of the session
	if err != nil {
		return nil, err
	}
	resp, err = t.giveOut(ctx, x) // what they get
	if err != nil {
		return nil, err
	}
	keep := t.keepPart
	if t.foreign != nil {
		keep = t.keepAnew
	}
	if err := keep(ctx, x, *q.SubjectToken); err != nil {
		return nil, err
	}
	return resp, nil
}

// countExchange refuses an exchange that was granted where it is one too many for its user. Who has no account yet is counted
// by who they are at the provider.
func (t *turn) countExchange(ctx context.Context, held verify.Held, d exchange.Decision) error {
	if d.Refuse != nil {
		return nil
	}
	who := cmp.Or(d.Grant.Resolution.User, held.User).ID
	if who == "" {
		who = t.foreign.Provider.Alias + " " + held.Token.Subject
	}
	return t.count(ctx, realm.ByUser, who)
}

// decideExchange decides, and notes the decision in the realm's log.
func (t *turn) decideExchange(q ExchangeRequest, ask exchange.Request) exchange.Decision {
	d := t.decide(func(explain bool) exchange.Decision {
		ask.Explain = explain
		return exchange.Decide(ask)
	})
	t.event.Decision.Exchanged(ask, fingerprint(q.SubjectToken), d)
	return d
}

// exchangeRequest is the request as core/exchange decides it.
func (t *turn) exchangeRequest(q ExchangeRequest, held verify.Held, flaw string) exchange.Request {
	d := exchange.Request{
		Realm: t.at.Realm, Issuer: t.at.Realm.Issuer(t.at.Base), Client: t.client,
		SubjectType:   tokenType(q.SubjectTokenType),
		ActorType:     tokenType(q.ActorTokenType),
		RequestedType: tokenType(q.RequestedTokenType),
		Scope:         q.Scope,
		Audiences:     q.Audiences,
		Resources:     q.Resources,
		Legacy:        q.legacy(),
		Proved:        t.proved(),
	}
	switch {
	case t.foreign != nil:
		t.foreign.tell(&d, q.SubjectToken != nil, held, flaw)
	case q.SubjectToken == nil:
	case held.User == nil || flaw != "":
		d.Subject = &exchange.Subject{Flaw: flaw, Unreadable: !readable(*q.SubjectToken)}
	default:
		d.Subject = &exchange.Subject{Token: &held.Token, User: held.User, Session: held.Session}
	}
	return d
}

// fingerprint finds a token in the decision log; empty where none came.
func fingerprint(compact *string) string {
	if compact == nil {
		return ""
	}
	return decision.Fingerprint(*compact)
}

// readable tells whether a text is a JWT at all, whoever made it.
func readable(compact string) bool {
	jws, err := token.Open(compact)
	if err != nil {
		return false
	}
	_, err = token.Parse(jws.Payload)
	return err == nil
}

// legacy are the parameters that came and are Keycloak's legacy exchange's.
func (q *ExchangeRequest) legacy() []string {
	return came(parameter{"requested_issuer", q.RequestedIssuer}, parameter{"subject_issuer", q.SubjectIssuer})
}

type parameter struct {
	name  string
	value *string
}

// came are the names of the parameters that the request has.
func came(all ...parameter) []string {
	var out []string
	for _, p := range all {
		if p.value != nil {
			out = append(out, p.name)
		}
	}
	return out
}

func tokenType(p *string) *oauth.TokenType { return (*oauth.TokenType)(p) }

// recordDecision tells the event what was exchanged, as far as the rules got: what a refusal never
// looked at is not told, as in Keycloak.
func (t *turn) recordDecision(q ExchangeRequest, held verify.Held, d exchange.Decision) {
	switch d.Rule {
	case explain.ExchangeUnsupported, explain.ExchangeEnabled, explain.PolicyDemand, explain.ExchangeIssuer:
		return
	case explain.ExchangeSubject:
		if d.Refuse.Event == "invalid_request" { // the parameters were wrong already
			return
		}
	}
	if q.RequestedTokenType != nil && *q.RequestedTokenType != "" {
		t.event.Set("requested_token_type", *q.RequestedTokenType)
	}
	switch d.Rule {
	case explain.ExchangeSubject, explain.ExchangeLink, explain.ExchangeProof:
		return
	}
	if held.User == nil { // nobody has looked at the subject yet
		return
	}
	t.about(held.User)
	if held.Session != nil {
		t.event.Session = held.Session.ID
	}
	t.event.Set("subject_token_client_id", held.Token.Client)
	if d.Rule == explain.ExchangeType {
		return
	}
	if q.RequestedTokenType == nil {
		t.event.Set("requested_token_type", string(oauth.TypeAccessToken))
	}
	if len(d.Targets) > 0 && d.Rule == explain.ExchangeTarget {
		t.event.Set("audience", d.Targets[0])
	}
}
