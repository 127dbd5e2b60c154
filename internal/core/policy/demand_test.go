package policy_test

import (
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// demanded is what an executor says of facts; empty: nothing.
func demanded(kind string, c config, f policy.Facts) string {
	v := policy.Evaluate(with(realm.PolicyPart{Kind: "any-client"}, realm.PolicyPart{Kind: kind, Config: c}), f, nil)
	if v.Refuse == nil {
		return ""
	}
	return v.Refuse.Description
}

// TestRedirects: answers go where the policy lets them, however an address is written.
func TestRedirects(t *testing.T) {
	const uri, loopback, private = "Invalid Redirect Uri: invalid uri", "Invalid Redirect Uri: invalid loopback address", "Invalid Redirect Uri: invalid private use scheme"
	ours := config{"allow-permitted-domains": {`app\.example`}}
	for _, c := range []struct {
		address string
		config  config
		want    string
	}{
		{"https://app.example/cb", nil, ""},
		{"http://app.example/cb", nil, uri},
		{"http://app.example/cb", config{"allow-http-scheme": {"true"}}, ""},
		{"http://app.example/cb", config{"allow-http-scheme": {"true"}, "oauth-2-1-compliant": {"true"}}, uri},
		{"https://app.example/cb", ours, ""},
		{"https://app.example.evil/cb", ours, uri},
		{"https://app.example@evil.example/cb", ours, uri},
		{"https://evil.example/app.example", ours, uri},
		{"https://app.example/*", nil, uri},
		{"http://127.0.0.1/cb", nil, loopback},
		{"http://LOCALHOST/cb", nil, loopback},
		{"http://[::ffff:127.0.0.1]/cb", nil, loopback},
		{"http://127.0.0.1:8000/cb", config{"allow-ipv4-loopback-address": {"true"}, "allow-http-scheme": {"true"}}, ""},
		{"com.example.app:/cb", nil, private},
		{"com.example.app:/cb", config{"allow-private-use-uri-scheme": {"true"}}, ""},
		{"app:/cb", config{"allow-private-use-uri-scheme": {"true"}, "oauth-2-1-compliant": {"true"}}, private},
		{"//app.example/cb", nil, uri},
		{"", nil, uri},
	} {
		asked := policy.Facts{Stage: policy.Authorization, Client: &realm.Client{StandardFlow: true}, Authorize: &policy.AuthorizeFacts{RedirectURI: c.address}}
		if got := demanded("secure-redirect-uris-enforcer", c.config, asked); got != c.want {
			t.Errorf("asked for %q, %v: %q, want %q", c.address, c.config, got, c.want)
		}
	}
}

// TestAddresses: no address of a client slips by, under whatever name.
func TestAddresses(t *testing.T) {
	ours := config{"allowed-patterns": {`https://app\.example/.*`}}
	for name, c := range map[string]struct {
		kind   string
		config config
		client realm.Client
		want   string
	}{
		"TLS":              {"secure-client-uris", nil, realm.Client{RedirectURIs: []string{"https://app.example/cb"}}, ""},
		"plain":            {"secure-client-uris", nil, realm.Client{RedirectURIs: []string{"http://app.example/cb"}}, "Invalid redirectUris"},
		"wild":             {"secure-client-uris", nil, realm.Client{RedirectURIs: []string{"https://app.example/*"}}, "Invalid redirectUris"},
		"plain keys":       {"secure-client-uris", nil, realm.Client{JWKSURL: "http://app.example/keys"}, "Invalid jwksUri"},
		"those of a list":  {"secure-client-uris", nil, realm.Client{WebOrigins: []string{"+"}}, ""},
		"fits":             {"secure-client-uris-pattern", ours, realm.Client{RedirectURIs: []string{"https://app.example/cb"}}, ""},
		"fits in its end":  {"secure-client-uris-pattern", ours, realm.Client{RedirectURIs: []string{"https://evil.example/?https://app.example/cb"}}, "Invalid redirectUris"},
		"another field":    {"secure-client-uris-pattern", ours, realm.Client{BaseURL: "https://evil.example/"}, "Invalid baseUrl"},
		"a field left out": {"secure-client-uris-pattern", config{"allowed-patterns": ours["allowed-patterns"], "client-uri-fields": {"redirectUris"}}, realm.Client{BaseURL: "https://evil.example/"}, ""},
		"broken pattern":   {"secure-client-uris-pattern", config{"allowed-patterns": {"("}}, realm.Client{BaseURL: "https://app.example/"}, "Invalid baseUrl: No valid allowed patterns configured"},
	} {
		if got := demanded(c.kind, c.config, policy.Facts{Stage: policy.Update, Client: &c.client}); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestDemands: each executor refuses, and lets pass what meets it.
func TestDemands(t *testing.T) {
	plain, public := &realm.Client{ID: "api"}, &realm.Client{ID: "spa", Public: true}
	authorize := func(a policy.AuthorizeFacts) policy.Facts {
		return policy.Facts{Stage: policy.Authorization, Client: plain, Authorize: &a}
	}
	signed := func(alg string, audience ...string) policy.Facts {
		return policy.Facts{Stage: policy.Code, Issuer: "https://id.example", Client: plain, Assertion: &policy.Assertion{Alg: alg, Audience: audience}}
	}
	const mute, alg, front = "invalid response_type", "not allowed signature algorithm.", "Front-channel logout is not allowed for this client"
	refreshOnly := config{"allow-only-refresh-token-binding": {"true"}}
	for name, c := range map[string]struct {
		kind   string
		config config
		facts  policy.Facts
		want   string
	}{
		"code alone":              {"secure-response-type", nil, authorize(policy.AuthorizeFacts{Code: true}), mute},
		"code and ID token":       {"secure-response-type", nil, authorize(policy.AuthorizeFacts{Code: true, IDToken: true}), ""},
		"code as a JWT":           {"secure-response-type", nil, authorize(policy.AuthorizeFacts{Code: true, JARM: true}), ""},
		"with a token":            {"secure-response-type", nil, authorize(policy.AuthorizeFacts{Code: true, IDToken: true, Token: true}), mute},
		"implicit":                {"reject-implicit-grant", nil, authorize(policy.AuthorizeFacts{Token: true}), "Implicit/Hybrid flow is prohibited."},
		"no nonce":                {"secure-session", nil, authorize(policy.AuthorizeFacts{OpenID: true, State: true}), "Missing parameter: nonce"},
		"no state":                {"secure-session", nil, authorize(policy.AuthorizeFacts{Nonce: true}), "Missing parameter: state"},
		"not pushed":              {"secure-par-content", nil, authorize(policy.AuthorizeFacts{}), "request_uri not included."},
		"more than was pushed":    {"secure-par-content", nil, authorize(policy.AuthorizeFacts{Pushed: []string{"scope"}, Sent: []string{"client_id", "scope", "state"}}), "PAR request did not include necessary parameters"},
		"front channel":           {"secure-logout", nil, policy.Facts{Stage: policy.FrontChannel, Client: plain}, front},
		"front channel allowed":   {"secure-logout", config{"allow-front-channel-logout": {"true"}}, policy.Facts{Stage: policy.FrontChannel, Client: plain}, ""},
		"front channel set":       {"secure-logout", nil, policy.Facts{Stage: policy.Update, Client: &realm.Client{Logout: realm.ClientLogout{FrontChannel: true}}}, front},
		"no front channel":        {"secure-logout", nil, policy.Facts{Stage: policy.Update, Client: plain}, ""},
		"weak algorithm":          {"secure-signature-algorithm", nil, policy.Facts{Stage: policy.Update, Client: &realm.Client{AuthAlg: "RS256"}}, alg},
		"no algorithm":            {"secure-signature-algorithm", nil, policy.Facts{Stage: policy.Update, Client: plain}, ""},
		"weak signature":          {"secure-signature-algorithm-signed-jwt", nil, signed("RS256"), alg},
		"good signature":          {"secure-signature-algorithm-signed-jwt", nil, signed("ES256"), ""},
		"no assertion":            {"secure-signature-algorithm-signed-jwt", config{"require-client-assertion": {"true"}}, policy.Facts{Stage: policy.Code, Client: plain}, "not allowed input format."},
		"for the realm":           {"secure-client-authentication-assertion", nil, signed("ES256", "https://id.example"), ""},
		"for others too":          {"secure-client-authentication-assertion", nil, signed("ES256", "https://id.example", "https://else.example"), "invalid audience in client assertion"},
		"no consent":              {"consent-required", nil, policy.Facts{Stage: policy.Update, Client: plain}, "Client is required to enable consentRequired"},
		"password":                {"reject-ropc-grant", nil, policy.Facts{Stage: policy.Password, Client: plain}, "resource owner password credentials grant is prohibited."},
		"certificate":             {"holder-of-key-enforcer", nil, policy.Facts{Stage: policy.Revocation, Client: plain, Certificate: "a", BoundCert: "a"}, ""},
		"another certificate":     {"holder-of-key-enforcer", nil, policy.Facts{Stage: policy.Revocation, Client: plain, Certificate: "b", BoundCert: "a"}, "Client certificate missing, or its thumbprint and one in the refresh token did NOT match"},
		"no certificate at all":   {"holder-of-key-enforcer", nil, policy.Facts{Stage: policy.Refresh, Client: plain}, "Client certificate missing, or its thumbprint and one in the refresh token did NOT match"},
		"access token not bound":  {"dpop-bind-enforcer", refreshOnly, policy.Facts{Stage: policy.UserInfo, Client: public}, ""},
		"of who has credentials":  {"dpop-bind-enforcer", refreshOnly, policy.Facts{Stage: policy.UserInfo, Client: plain}, "DPoP proof is missing"},
		"refresh token not bound": {"dpop-bind-enforcer", refreshOnly, policy.Facts{Stage: policy.Refresh, Client: public}, "DPoP proof is missing"},
	} {
		if got := demanded(c.kind, c.config, c.facts); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestRotation: periods that make no sense are Keycloak's defaults, and none outlives the secret.
func TestRotation(t *testing.T) {
	for name, c := range map[string]struct {
		config config
		client realm.Client
		want   *policy.Rotation
	}{
		"defaults":      {nil, realm.Client{}, &policy.Rotation{Life: 29 * day, Ahead: 10 * day, Former: 2 * day}},
		"negative":      {config{"expiration-period": {"-1"}}, realm.Client{}, &policy.Rotation{Life: 29 * day, Ahead: 10 * day, Former: 2 * day}},
		"former longer": {config{"expiration-period": {"86400"}, "rotated-expiration-period": {"9223372036854775807"}}, realm.Client{}, &policy.Rotation{Life: day, Ahead: day, Former: day}},
		"public":        {nil, realm.Client{Public: true}, nil},
	} {
		r := with(realm.PolicyPart{Kind: "any-client"}, realm.PolicyPart{Kind: "secret-rotation", Config: c.config})
		got := policy.Evaluate(r, policy.Facts{Stage: policy.Secret, Client: &c.client}, nil).Rotation
		if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

const day = 24 * time.Hour
