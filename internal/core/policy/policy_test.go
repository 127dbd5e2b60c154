package policy_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

type config = map[string][]string

// with is a realm whose only policy has these parts.
func with(condition, executor realm.PolicyPart) *realm.Realm {
	return realm.New("r", realm.Settings{Name: "shop", Policies: []realm.ClientPolicy{
		{Name: "q", Conditions: []realm.PolicyPart{condition}, Executors: []realm.PolicyPart{executor}},
	}}).Realm()
}

// TestConditions: a request is rejected where the condition holds.
func TestConditions(t *testing.T) {
	public, confidential := &realm.Client{Key: "p", ID: "spa", Public: true}, &realm.Client{Key: "c", ID: "api"}
	for name, c := range map[string]struct {
		kind   string
		config config
		facts  policy.Facts
		holds  bool
	}{
		"any":                      {"any-client", nil, policy.Facts{Stage: policy.Code, Client: public}, true},
		"unknown holds":            {"nonsense", config{"is-negative-logic": {"true"}}, policy.Facts{Stage: policy.Code, Client: public}, true},
		"public":                   {"client-access-type", config{"type": {"public"}}, policy.Facts{Stage: policy.Password, Client: public}, true},
		"not public":               {"client-access-type", config{"type": {"public"}}, policy.Facts{Stage: policy.Password, Client: confidential}, false},
		"was public before":        {"client-access-type", config{"type": {"public"}}, policy.Facts{Stage: policy.Update, Client: confidential, Before: public}, true},
		"grant":                    {"grant-type", config{"grant_types": {"password"}}, policy.Facts{Stage: policy.Password, Client: public}, true},
		"other grant":              {"grant-type", config{"grant_types": {"password"}}, policy.Facts{Stage: policy.Refresh, Client: public}, false},
		"turned around":            {"grant-type", config{"grant_types": {"password"}, "is-negative-logic": {"true"}}, policy.Facts{Stage: policy.Refresh, Client: public}, true},
		"attribute":                {"client-attributes", config{"attributes": {`[{"key":"a","value":"1"}]`}}, policy.Facts{Stage: policy.Code, Client: public, Attributes: map[string]string{"a": "1"}}, true},
		"attribute of other value": {"client-attributes", config{"attributes": {`[{"key":"a","value":"1"}]`}}, policy.Facts{Stage: policy.Code, Client: public, Attributes: map[string]string{"a": "2"}}, false},
		"updater":                  {"client-updater-context", config{"update-client-source": {policy.ByAnonymous}}, policy.Facts{Stage: policy.Register, Client: public, Updater: &policy.Updater{By: policy.ByAnonymous}}, true},
		"no updater":               {"client-updater-context", config{"update-client-source": {policy.ByAnonymous}}, policy.Facts{Stage: policy.Code, Client: public}, false},
		"provider":                 {"identity-provider-alias", config{"identity_provider_aliases": {"up"}}, policy.Facts{Stage: policy.JWTGrant, Client: public, Provider: "up"}, true},
		"no provider":              {"identity-provider-alias", config{"identity_provider_aliases": {"up"}}, policy.Facts{Stage: policy.JWTGrant, Client: public}, false},
	} {
		r := with(realm.PolicyPart{Kind: c.kind, Config: c.config}, realm.PolicyPart{Kind: "reject-request"})
		if v := policy.Evaluate(r, c.facts, nil); (v.Refuse != nil) != c.holds {
			t.Errorf("%s: %v, want it to hold: %v", name, v.Refuse, c.holds)
		}
	}
}

// TestExecutors: each refuses, and lets pass what meets it.
func TestExecutors(t *testing.T) {
	scope, method, challenge := "reports", "S256", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
	subject := &policy.Subject{Readable: true, Claims: &token.Claims{Scope: &scope, Type: "Bearer"}}
	client := func(change func(*realm.Client)) *realm.Client {
		c := &realm.Client{ID: "api"}
		change(c)
		return c
	}
	plain := client(func(*realm.Client) {})
	names := func(string) bool { return true }
	for name, c := range map[string]struct {
		kind   string
		config config
		facts  policy.Facts
		want   string
	}{
		"downscope":              {"downscope-assertion-grant-enforcer", nil, policy.Facts{Stage: policy.Exchange, Client: plain, Subject: subject, Scope: "reports", ScopeSent: true}, ""},
		"downscope refused":      {"downscope-assertion-grant-enforcer", nil, policy.Facts{Stage: policy.Exchange, Client: plain, Subject: subject, Scope: "archive", ScopeSent: true}, "Scopes [archive] not present in the initial access token [reports]"},
		"nothing to read":        {"downscope-assertion-grant-enforcer", nil, policy.Facts{Stage: policy.Exchange, Client: plain}, "Assertion contains an invalid access token"},
		"claim":                  {"jwt-claim-enforcer", config{"claim-name": {"typ"}, "allowed-value": {"Bear.*"}}, policy.Facts{Stage: policy.Exchange, Client: plain, Subject: subject}, ""},
		"claim refused":          {"jwt-claim-enforcer", config{"claim-name": {"typ"}, "allowed-value": {"ear"}}, policy.Facts{Stage: policy.Exchange, Client: plain, Subject: subject}, "Value for claim 'typ' not allowed"},
		"confidential":           {"confidential-client", nil, policy.Facts{Stage: policy.Code, Client: plain}, ""},
		"confidential refused":   {"confidential-client", nil, policy.Facts{Stage: policy.Code, Client: client(func(c *realm.Client) { c.Public = true })}, "invalid client access type"},
		"proved by key":          {"secure-client-authenticator", config{"allowed-client-authenticators": {"client-jwt"}}, policy.Facts{Stage: policy.Code, Client: plain, Method: "client-jwt"}, ""},
		"nothing proved (T16)":   {"secure-client-authenticator", config{"allowed-client-authenticators": {"client-jwt"}}, policy.Facts{Stage: policy.Code, Client: client(func(c *realm.Client) { c.Authenticator = "client-jwt" })}, "Configured client authentication method not allowed for client"},
		"full scope after (T16)": {"full-scope-disabled", nil, policy.Facts{Stage: policy.Update, Client: client(func(c *realm.Client) { c.FullScope = true }), Names: func(string) bool { return false }}, "Not permitted to enable fullScopeAllowed"},
		"full scope off":         {"full-scope-disabled", nil, policy.Facts{Stage: policy.Update, Client: plain, Names: names}, ""},
		"unsigned object (T15)":  {"secure-request-object", nil, policy.Facts{Stage: policy.Authorization, Client: plain, Authorize: &policy.AuthorizeFacts{Object: &policy.RequestObject{}}}, "Request object is not signed"},
		"pkce":                   {"pkce-enforcer", nil, policy.Facts{Stage: policy.Authorization, Client: plain, Authorize: &policy.AuthorizeFacts{Method: &method, Challenge: &challenge}}, ""},
		"no pkce":                {"pkce-enforcer", nil, policy.Facts{Stage: policy.Code, Client: plain}, "PKCE code verifier not specified"},
		"cannot be met":          {"auth-flow-enforcer", nil, policy.Facts{Stage: policy.Authorization, Client: plain, Authorize: &policy.AuthorizeFacts{}}, "This server cannot do what client policies demand by auth-flow-enforcer"},
		"unknown":                {"nonsense", nil, policy.Facts{Stage: policy.Code, Client: plain}, "This server does not know what client policies demand by nonsense"},
		"of SAML":                {"saml-signature-enforcer", nil, policy.Facts{Stage: policy.Code, Client: plain}, ""},
	} {
		v := policy.Evaluate(with(realm.PolicyPart{Kind: "any-client"}, realm.PolicyPart{Kind: c.kind, Config: c.config}), c.facts, nil)
		got := ""
		if v.Refuse != nil {
			got = v.Refuse.Description
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestNoPolicies: a realm without them pays nothing.
func TestNoPolicies(t *testing.T) {
	r, c := realm.New("r", realm.Settings{}).Realm(), &realm.Client{ID: "api"}
	if n := testing.AllocsPerRun(100, func() { policy.Evaluate(r, policy.Facts{Stage: policy.Exchange, Client: c}, nil) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
