package exchange

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// MakesIdentity tells whether a client that asks for this type of token has an identity assertion made
// (draft-ietf-oauth-identity-assertion-authz-grant §4.3): for whoever signed in at it, to be redeemed at another
// authorization server. To all other clients the type is one that there is not.
func MakesIdentity(c *realm.Client, requested *oauth.TokenType) bool {
	return requested != nil && *requested == oauth.TypeIdentity && c.Assertions.Issue && !c.Public
}

// identity are the rules for identity assertions, in the order of Keycloak's experiment.
var identity = []rule{
	{explain.ExchangeUnsupported, plain},
	{explain.ExchangeSubject, shown},      // there is an ID token
	{explain.PolicyDemand, policed},       // the client policies have nothing against it
	{explain.ExchangeTarget, abroad},      // one other authorization server is named
	{explain.ExchangePermitted, sendable}, // which the client may have assertions for
	{explain.ExchangeResource, single},    // and one resource there at most
	{explain.ExchangeSubject, signedIn},   // the ID token is valid
	{explain.ExchangeIssuer, trusted},     // and came of no provider that is not trusted any more
	{explain.ExchangeHolder, issuedTo},    // and was issued to the client
	{explain.ExchangeDelegation, alone},   // which asks for nobody else, and nobody has to act
	{explain.ExchangeScope, tellable},     // the scopes are those that assertions of the client may name
	{explain.ExchangeConsent, agreed},     // the user consented to signing in at the client
	{explain.ExchangeChain, short},        // there are not too many exchanges behind it
}

// decideIdentity decides whether an identity assertion is made.
func decideIdentity(s *state) Decision {
	d := s.ask(identity)
	if d.Refuse == nil {
		d.Grant = &Grant{Type: oauth.TypeIdentity, Path: s.hops, Resources: s.Resources}
	}
	return d
}

func shown(s *state, t *explain.Trace) *oauth.Error {
	text := ""
	switch {
	case s.Subject == nil:
		text = "Parameter 'subject_token' is required"
	case s.SubjectType == nil || *s.SubjectType != oauth.TypeIDToken:
		text = "Parameter 'subject_token_type' must be " + string(oauth.TypeIDToken)
	default:
		return nil
	}
	t.Add(explain.ExchangeSubject, explain.Denied, "", text)
	return refuse(text)
}

func abroad(s *state, t *explain.Trace) *oauth.Error {
	text := ""
	switch {
	case len(s.Audiences) == 0 || s.Audiences[0] == "":
		text = "Parameter 'audience' is required"
	case len(s.Audiences) > 1:
		text = "Only a single 'audience' is supported for an Identity Assertion JWT"
	default:
		return nil
	}
	t.Add(explain.ExchangeTarget, explain.Denied, "", text)
	return refuse(text)
}

func sendable(s *state, t *explain.Trace) *oauth.Error {
	if id := s.Audiences[0]; !slices.Contains(s.Client.Assertions.Audiences, id) {
		s.targets = []string{id}
		t.Add(explain.ExchangePermitted, explain.Denied, id, s.Client.ID)
		return oauth.Errorf(oauth.AccessDenied, "Audience is not allowed for this client").InEvent("not_allowed", "audience is not allowed for this client")
	}
	t.Add(explain.ExchangePermitted, explain.Allowed, s.Audiences[0], s.Client.ID)
	return nil
}

func single(s *state, t *explain.Trace) *oauth.Error {
	if len(s.Resources) > 1 {
		const text = "Only a single 'resource' is supported for an Identity Assertion JWT"
		t.Add(explain.ExchangeResource, explain.Denied, "", text)
		return refuse(text)
	}
	return nil
}

func signedIn(s *state, t *explain.Trace) *oauth.Error {
	flaw := s.Subject.Flaw
	if u := s.Subject.User; u != nil && u.ServiceAccount != "" {
		flaw = "it is about a client, and no user"
	}
	if s.Subject.Token == nil || s.Subject.User == nil || flaw != "" {
		t.Add(explain.ExchangeSubject, explain.Denied, "", flaw)
		return oauth.Errorf(oauth.InvalidGrant, "Invalid subject_token").InEvent("invalid_token", "subject_token validation failure")
	}
	t.Add(explain.ExchangeSubject, explain.Allowed, s.Subject.User.Username, s.Subject.Token.Client)
	return nil
}

func issuedTo(s *state, t *explain.Trace) *oauth.Error {
	if s.Subject.Token.Client != s.Client.ID {
		const text = "subject_token was not issued to this client"
		t.Add(explain.ExchangeHolder, explain.Denied, s.Client.ID)
		return oauth.Errorf(oauth.InvalidGrant, text).InEvent("not_allowed", text)
	}
	return nil
}

// alone refuses who asks for an actor, or another user, to be written into an assertion, or brings another issuer's token: it
// speaks of who signed in here, and to pass the parameter over would make it say something else than was asked for. A
// subject with "may_act" wants an actor token, which here cannot come.
func alone(s *state, t *explain.Trace) *oauth.Error {
	for _, p := range []struct {
		name string
		came bool
	}{{"actor_token", s.Actor != nil}, {"actor_token_type", s.ActorType != nil}, {"requested_subject", s.As != nil},
		{"subject_issuer", slices.Contains(s.Legacy, "subject_issuer")}} {
		if p.came {
			text := "Parameter '" + p.name + "' is not supported for an Identity Assertion JWT"
			t.Add(explain.ExchangeDelegation, explain.Denied, "", text)
			return refuse(text)
		}
	}
	if held := s.Subject.Token; held.MayAct != nil && held.Actor == nil {
		t.Add(explain.ExchangeDelegation, explain.Denied, "", unacted)
		return notPermitted(unacted)
	}
	return nil
}

// tellable asks that each scope is one that assertions of the client may name. They are scopes of the other server: what
// they mean is decided there.
func tellable(s *state, t *explain.Trace) *oauth.Error {
	if s.Scope == nil {
		return nil
	}
	for _, word := range strings.Fields(*s.Scope) {
		if !slices.Contains(s.Client.Assertions.Scopes, word) {
			text := "Scope not allowed for an Identity Assertion JWT: " + word
			t.Add(explain.ExchangeScope, explain.Denied, word)
			return oauth.Errorf(oauth.InvalidScope, "%s", text).InEvent("invalid_request", text)
		}
	}
	return nil
}
