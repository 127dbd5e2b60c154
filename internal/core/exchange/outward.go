package exchange

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Outward is another issuer whose token for the subject's user is asked for (parameter "requested_issuer").
type Outward struct {
	Name     string          // as the request has it
	Provider *realm.Provider // with this alias; nil: none
	Held     Holding         // what of it is at hand for the user
}

// Holding says whether a token of a provider can be given out for a user.
type Holding string

const (
	Unseen Holding = ""       // nobody has looked, as there is no need to: it may not be given out
	Unheld Holding = "none"   // the user is not linked, or nothing that the provider gave is kept
	Kept   Holding = "kept"   // it holds still, or can be refreshed
	Lapsed Holding = "lapsed" // it has expired, and is not refreshed
)

// GetsForeign tells whether a client may ask for tokens of other issuers: it lists the aliases of those. To all other
// clients the parameter is one that the standard exchange does not know.
func GetsForeign(c *realm.Client) bool { return len(c.Exchange.Issuers) > 0 }

// MayGet tells whether tokens that a provider gave may be given to a client now.
func MayGet(c *realm.Client, p *realm.Provider) bool {
	return p != nil && p.Enabled && p.StoreToken && slices.Contains(c.Exchange.Issuers, p.Alias)
}

// outward are the rules for tokens of other issuers, in the order of Keycloak's legacy exchange. Audiences, scopes and
// resources are not looked at: what the token is good for its issuer decided when the user signed in.
var outward = []rule{
	{explain.ExchangeUnsupported, lone},         // nothing else is asked for that the standard exchange does not know
	{explain.ExchangeSubject, carried},          // there is a subject token, said to be an access token
	{explain.PolicyDemand, policed},             // the client policies have nothing against it
	{explain.ExchangeSubject, valid},            // it is valid
	{explain.ExchangeIssuer, trusted},           // and came of no provider that is not trusted any more
	{explain.ExchangeImpersonation, themselves}, // nobody asks for a token of somebody else,
	{explain.ExchangeDelegation, unassisted},    // and nobody acts, whom that token could not name
	{explain.ExchangeProof, proven},             // where the subject token is bound to a key, its holder brings it
	{explain.ExchangeStored, listed},            // the requester lists the issuer, whose tokens are given out
	{explain.ExchangePublic, entitled},          // the requester has credentials, or may do without
	{explain.ExchangeHolder, holding},           // the subject token was issued to it, or for it
	{explain.ExchangeResource, unrestricted},    // and for no resources in particular
	{explain.ExchangeChain, short},              // there are not too many exchanges behind it
	{explain.ExchangeCycle, straight},           // and none of them was the requester's
	{explain.ExchangeType, plainAccess},         // an access token is asked for
	{explain.ExchangeStored, atHand},            // and one is at hand
}

// decideOutward decides whether the token that another issuer gave is given out.
func decideOutward(s *state) Decision {
	d := s.ask(outward)
	if d.Refuse == nil {
		d.Grant = &Grant{Type: oauth.TypeAccessToken, Path: s.hops}
	}
	return d
}

func lone(s *state, t *explain.Trace) *oauth.Error {
	for _, name := range s.Legacy {
		if name != "requested_issuer" {
			return unknown(name, t)
		}
	}
	return nil
}

// carried asks for a subject token. It may leave out its type, as in the legacy exchange.
func carried(s *state, t *explain.Trace) *oauth.Error {
	switch {
	case s.Subject == nil:
		return presented(s, t)
	case s.SubjectType == nil || *s.SubjectType == oauth.TypeAccessToken:
		return nil
	}
	const text = "Invalid token type, must be access token"
	t.Add(explain.ExchangeSubject, explain.Denied, "", text)
	return refuse(text).InEvent("invalid_token", "subject_token supports access tokens only")
}

// themselves asks that the token is wanted of the subject's user. Who impersonates gets no tokens of other issuers: those
// would know nothing of it.
func themselves(s *state, t *explain.Trace) *oauth.Error {
	if s.As == nil {
		return nil
	}
	t.Add(explain.ExchangeImpersonation, explain.Denied, s.As.Name, "a token of another issuer is asked for")
	return notAllowed("subject not allowed to impersonate")
}

// unassisted asks that the user acts for themselves: act and may_act are sticky, and another issuer's token cannot be
// given either.
func unassisted(s *state, t *explain.Trace) *oauth.Error {
	why := ""
	switch held := s.Subject.Token; {
	case s.Actor != nil || s.ActorType != nil:
		why = "a token of another issuer does not tell who acts"
	case held.Actor != nil || held.MayAct != nil:
		why = "somebody acts, or may act, for the subject, and a token of another issuer does not tell"
	default:
		return nil
	}
	t.Add(explain.ExchangeDelegation, explain.Denied, s.actorName(), why)
	return notPermitted(why)
}

// listed asks that the issuer is a provider whose tokens the requester may have.
func listed(s *state, t *explain.Trace) *oauth.Error {
	q := s.Outward
	deny := func(why string) { t.Add(explain.ExchangeStored, explain.Denied, q.Name, why) }
	switch p := q.Provider; {
	case p == nil:
		deny("no identity provider of the realm has this alias")
		return oauth.Errorf(oauth.InvalidRequest, "Invalid issuer").InEvent("unknown_identity_provider", "unknown requested_issuer")
	case !givesTokens(p):
		deny("nobody gets tokens by a provider of this kind")
		return oauth.Errorf(oauth.InvalidRequest, "Issuer does not support token exchange").
			InEvent("unknown_identity_provider", "exchange unsupported by requested_issuer")
	case !slices.Contains(s.Client.Exchange.Issuers, p.Alias):
		deny(s.Client.ID + " does not list it")
	case !p.Enabled:
		deny("the identity provider is switched off")
	default:
		return nil
	}
	return notAllowed("client not allowed to exchange for requested_issuer")
}

// givesTokens tells whether people sign in by a provider, and get tokens of it.
func givesTokens(p *realm.Provider) bool {
	_, ok := federation.Read(p)
	return ok
}

// unrestricted asks that the requester was not given the subject token for some resources: what another issuer's token is good
// for is none of them.
func unrestricted(s *state, t *explain.Trace) *oauth.Error {
	if s.boundResources() == nil {
		return nil
	}
	t.Add(explain.ExchangeResource, explain.Denied, s.Outward.Name, "the subject token was asked for resources, and a token of another issuer is for none of them")
	return audience.ErrOtherResource
}

func plainAccess(s *state, t *explain.Trace) *oauth.Error {
	if s.kind = requestedType(s.Request); s.kind == oauth.TypeAccessToken {
		return nil
	}
	t.Add(explain.ExchangeType, explain.Denied, string(s.kind))
	return oauth.Errorf(oauth.InvalidTarget, "response_token_type_unsupported").InEvent("invalid_request", "requested_token_type unsupported")
}

// atHand asks that a token is kept that the issuer gave for the user.
func atHand(s *state, t *explain.Trace) *oauth.Error {
	p := s.Outward.Provider
	deny := func(why string) { t.Add(explain.ExchangeStored, explain.Denied, p.Alias, why) }
	switch {
	case !p.StoreToken:
		deny("its tokens are not kept")
		return oauth.Errorf(oauth.NotLinked, "identity provider is not linked, can only link to current user session").
			InEvent("invalid_request", "requested_issuer has not linked")
	case s.Outward.Held == Lapsed:
		deny("the token that is kept has expired, and is not refreshed")
		return oauth.Errorf(oauth.TokenExpired, "linked token is expired").InEvent("invalid_token", "requested_issuer token expired")
	case s.Outward.Held != Kept:
		deny("the user is not linked, or no token of theirs is kept")
		return oauth.Errorf(oauth.NotLinked, "identity provider is not linked").InEvent("invalid_token", "requested_issuer is not linked")
	}
	t.Add(explain.ExchangeStored, explain.Allowed, p.Alias, s.Client.ID)
	return nil
}

func fixStored(s *state, _ Decision) []explain.Fix {
	p := s.Outward.Provider
	if p == nil || !givesTokens(p) {
		return say("send as requested_issuer the alias of an OpenID Connect or OAuth 2.0 identity provider of the realm")
	}
	provider := func(sentence string, setting explain.Setting) []explain.Fix {
		return do(sentence, explain.Command("update", "identity-provider/instances/"+p.Alias, s.Realm.Name, setting))
	}
	switch {
	case !slices.Contains(s.Client.Exchange.Issuers, p.Alias):
		return do("let "+s.Client.ID+" ask for tokens of "+p.Alias,
			s.set(s.Client, explain.Attribute(attributeIssuers, strings.Join(append(slices.Clone(s.Client.Exchange.Issuers), p.Alias), "##"))))
	case !p.Enabled:
		return provider("switch "+p.Alias+" on", explain.Setting{Field: "enabled", Value: "true"})
	case !p.StoreToken:
		return provider("keep the tokens of "+p.Alias+", from the next sign-in on", explain.Setting{Field: "storeToken", Value: "true"})
	}
	return say("let the user sign in by %s again: the token that it gives is kept", p.Alias)
}
