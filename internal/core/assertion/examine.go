package assertion

import (
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

// glance is a request on its way through the first half.
type glance struct {
	Request
	provider *federation.Settings
	known    bool // the rule about it has passed
	until    time.Time
}

var atSight = []struct {
	name explain.Rule
	ask  func(*glance, *explain.Trace) *oauth.Error
}{
	{explain.AssertionGiven, given},         // there is a JWT
	{explain.AssertionClient, confidential}, // the client proved who it is
	{explain.AssertionClient, enabled},      // and may use the grant
	{explain.AssertionClaims, named},        // it names its issuer and its subject
	{explain.AssertionIdentity, own},        // an identity assertion was made for this client
	{explain.AssertionProvider, known},      // its issuer is an identity provider that may vouch for users
	{explain.AssertionPermitted, permitted}, // to this client
	{explain.AssertionIdentity, wanted},     // by identity assertions only, or by others too
	{explain.AssertionTime, timely},         // it is its time
	{explain.AssertionOnce, countable},      // it can be told whether it comes again
	{explain.AssertionSignature, signable},  // it says that it is signed as it should be
}

// Examine judges an assertion at sight. It reads nothing but the request.
func Examine(q Request) Sight {
	g := &glance{Request: q, provider: issuerOf(q)}
	var trace *explain.Trace
	if q.Explain {
		trace = &explain.Trace{}
	}
	for _, r := range atSight {
		if refusal := r.ask(g, trace); refusal != nil {
			out := Sight{Refuse: refusal, Rule: r.name, Trace: trace}
			if g.known {
				out.Provider = g.provider
			}
			return out
		}
	}
	return Sight{Provider: g.provider, Until: g.until, Once: !g.terms().Reuse, Trace: trace}
}

// issuerOf is the provider whose assertion it claims to be: enabled, with the grant switched on. Of several with the same
// issuer it is the one that the client lists; where that leaves more than one, or none, nobody can tell whose users are
// meant.
func issuerOf(q Request) *federation.Settings {
	if q.Assertion == nil || q.Assertion.Issuer == "" {
		return nil
	}
	var all []*federation.Settings
	for _, p := range q.Realm.Providers() {
		if s, ok := federation.ReadIssuer(p); ok && p.Enabled && s.Grants().Enabled && s.Issued(*q.Assertion) {
			all = append(all, &s)
		}
	}
	if len(all) > 1 {
		all = slices.DeleteFunc(all, func(s *federation.Settings) bool { return !slices.Contains(q.Client.Assertions.Providers, s.Alias) })
	}
	if len(all) != 1 {
		return nil
	}
	return all[0]
}

// terms are those for the assertion at hand.
func (g *glance) terms() federation.Terms { return g.provider.Grants().For(*g.Assertion) }

func given(g *glance, t *explain.Trace) *oauth.Error {
	switch {
	case !g.Given:
		return deny(t, explain.AssertionGiven, "", "Missing parameter:assertion")
	case g.Assertion == nil:
		return deny(t, explain.AssertionGiven, "", "The provided assertion is not a valid JWT")
	}
	return nil
}

func confidential(g *glance, t *explain.Trace) *oauth.Error {
	if g.Client.Public {
		return deny(t, explain.AssertionClient, g.Client.ID, "Public client not allowed to use authorization grant")
	}
	return nil
}

func enabled(g *glance, t *explain.Trace) *oauth.Error {
	if !g.Client.Assertions.Enabled {
		return deny(t, explain.AssertionClient, g.Client.ID, "JWT Authorization Grant is not supported for the requested client")
	}
	t.Add(explain.AssertionClient, explain.Allowed, g.Client.ID)
	return nil
}

func named(g *glance, t *explain.Trace) *oauth.Error {
	for _, claim := range []string{"iss", "sub"} {
		if g.Assertion.Claims.Get(claim) == nil {
			return deny(t, explain.AssertionClaims, claim, "Missing claim: "+claim)
		}
	}
	return nil
}

// own asks that an identity assertion was made for the client that hands it in (draft-ietf-oauth-identity-assertion-authz-grant
// §4.4): others cannot use what they get hold of.
func own(g *glance, t *explain.Trace) *oauth.Error {
	if g.provider == nil || !g.provider.Grants().Identifies(*g.Assertion) {
		return nil
	}
	client, ok := g.Assertion.Claims.Get("client_id").(string)
	if ok && client == g.Client.ID {
		t.Add(explain.AssertionIdentity, explain.Allowed, g.Client.ID)
		return nil
	}
	if !ok {
		client = "null"
	}
	return deny(t, explain.AssertionIdentity, g.Client.ID, "client id in assertion : "+client+" and client id in request header/body : "+g.Client.ID)
}

func known(g *glance, t *explain.Trace) *oauth.Error {
	if g.provider == nil {
		return deny(t, explain.AssertionProvider, g.Assertion.Issuer, "No Identity Provider for provided issuer")
	}
	g.known = true
	t.Add(explain.AssertionProvider, explain.Allowed, g.Assertion.Issuer, g.provider.Alias)
	return nil
}

func permitted(g *glance, t *explain.Trace) *oauth.Error {
	if !slices.Contains(g.Client.Assertions.Providers, g.provider.Alias) {
		return deny(t, explain.AssertionPermitted, g.provider.Alias, "Identity Provider is not allowed for the client")
	}
	t.Add(explain.AssertionPermitted, explain.Allowed, g.provider.Alias)
	return nil
}

func wanted(g *glance, t *explain.Trace) *oauth.Error {
	if g.provider.Grants().Identity == federation.RequireIdentity && g.Assertion.HeaderType != oauth.HeaderIdentity {
		return deny(t, explain.AssertionIdentity, g.provider.Alias, "Identity Provider takes identity assertions only")
	}
	return nil
}

func timely(g *glance, t *explain.Trace) *oauth.Error {
	until, wrong := g.terms().Timely(*g.Assertion, g.Now)
	g.until = until
	return flawed(t, explain.AssertionTime, wrong)
}

func countable(g *glance, t *explain.Trace) *oauth.Error {
	return flawed(t, explain.AssertionOnce, g.terms().Countable(*g.Assertion))
}

func signable(g *glance, t *explain.Trace) *oauth.Error {
	return flawed(t, explain.AssertionSignature, g.terms().Signable(*g.Assertion))
}

// flawed refuses for a flaw, and is nil without one.
func flawed(t *explain.Trace, by explain.Rule, wrong federation.Flaw) *oauth.Error {
	if wrong == "" {
		t.Add(by, explain.Allowed, "")
		return nil
	}
	return deny(t, by, "", string(wrong))
}

// deny is how most rules refuse: caller, event and trace are told the same.
func deny(t *explain.Trace, by explain.Rule, subject, text string) *oauth.Error {
	t.Add(by, explain.Denied, subject, text)
	return oauth.Errorf(oauth.InvalidGrant, "%s", text).InEvent("invalid_request", text)
}
