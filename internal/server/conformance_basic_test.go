package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// basicModules are those of the profile Basic OP, in the order of its plan. Form Post OP plays the same with
// another response mode.
var basicModules = []module{
	{"oidcc-server", func(x *trial) {
		x.authorize()
		x.signIn()
		code := x.code()
		if len(code) < 22 { // 128 bits
			x.Errorf("the code has %d characters", len(code))
		}
		got := x.redeem(code)
		if sub := x.userinfo(got.Access)["sub"]; sub != got.token.Subject {
			x.Errorf("sub %v at userinfo, %s in the ID token", sub, got.token.Subject)
		}
	}},
	{"oidcc-response-type-missing", func(x *trial) {
		x.authorize("response_type", "")
		x.leaves(x.callback)
		if x.told.Get("error") != "invalid_request" || x.told.Get("state") != x.state {
			x.Errorf("the client was told %v", x.told)
		}
	}},
	{"oidcc-idtoken-signature", func(x *trial) {
		if got := x.signedIn(); got.head.Algorithm != "RS256" || got.head.KeyID == "" {
			x.Errorf("header %+v", got.head)
		}
	}},
	{"oidcc-idtoken-unsigned", func(x *trial) {
		if slices.Contains(list(x, "id_token_signing_alg_values_supported"), "none") {
			x.Error("unsigned ID tokens are offered")
		}
		x.party = x.partyOf("unsigned")
		x.signedIn() // verified like any other, though the client asks for "none"
	}},
	{"oidcc-userinfo-get", func(x *trial) { x.has(x.userinfo(x.signedIn().Access), "sub") }},
	{"oidcc-userinfo-post-header", func(x *trial) {
		got := x.signedIn()
		q, err := http.NewRequestWithContext(x.Context(), "POST", x.metadata.UserInfo, nil)
		if err != nil {
			x.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+got.Access)
		x.information(x.do(q))
	}},
	{"oidcc-userinfo-post-body", func(x *trial) {
		got := x.signedIn()
		x.information(x.post(x.metadata.UserInfo, url.Values{"access_token": {got.Access}}, party{}))
	}},
	{"oidcc-ensure-request-without-nonce-succeeds-for-code-flow", func(x *trial) { x.signedIn("nonce", "") }},
	{"oidcc-scope-profile", func(x *trial) { x.has(x.userinfo(x.signedIn("scope", "openid profile").Access), profileClaims...) }},
	{"oidcc-scope-email", func(x *trial) { x.has(x.userinfo(x.signedIn("scope", "openid email").Access), emailClaims...) }},
	{"oidcc-scope-address", func(x *trial) { x.address(x.userinfo(x.signedIn("scope", "openid address").Access)) }},
	{"oidcc-scope-phone", func(x *trial) { x.has(x.userinfo(x.signedIn("scope", "openid phone").Access), phoneClaims...) }},
	{"oidcc-scope-all", func(x *trial) {
		info := x.userinfo(x.signedIn("scope", "openid profile email address phone").Access)
		x.has(info, slices.Concat(profileClaims, emailClaims, phoneClaims)...)
		x.address(info)
	}},
	{"oidcc-alternate-happy-flow", func(x *trial) {
		q := x.request("scope", "email profile openid")
		names := []string{"state", "scope", "response_type", "redirect_uri", "response_mode", "nonce", "client_id"}
		var parts []string
		for _, name := range names {
			if q.Has(name) {
				parts = append(parts, name+"="+url.QueryEscape(q.Get(name)))
			}
		}
		x.open(x.metadata.Authorization + "?" + strings.Join(parts, "&"))
		x.signIn()
		x.redeem(x.code())
	}},
	{"oidcc-display-page", func(x *trial) { x.signedIn("display", "page") }},
	{"oidcc-display-popup", func(x *trial) { x.signedIn("display", "popup") }},
	{"oidcc-prompt-login", func(x *trial) {
		first := x.signedIn()
		x.wait(2 * time.Second)
		if second := x.signedIn("prompt", "login"); second.claims.AuthTime <= first.claims.AuthTime {
			x.Errorf("auth_time %d, before %d", second.claims.AuthTime, first.claims.AuthTime)
		}
	}},
	{"oidcc-prompt-none-not-logged-in", func(x *trial) {
		x.authorize("prompt", "none")
		x.refusedWith("login_required")
	}},
	{"oidcc-prompt-none-logged-in", func(x *trial) { x.same(x.signedIn(), x.again("prompt", "none")) }},
	{"oidcc-max-age-1", func(x *trial) {
		first := x.signedIn()
		x.wait(2 * time.Second)
		if second := x.signedIn("max_age", "1"); second.claims.AuthTime <= first.claims.AuthTime {
			x.Errorf("auth_time %d, before %d", second.claims.AuthTime, first.claims.AuthTime)
		}
	}},
	{"oidcc-max-age-10000", func(x *trial) {
		first := x.signedIn("max_age", "15000")
		x.wait(2 * time.Second)
		if second := x.again("max_age", "10000"); first.claims.AuthTime == 0 || second.claims.AuthTime != first.claims.AuthTime {
			x.Errorf("auth_time %d, before %d", second.claims.AuthTime, first.claims.AuthTime)
		}
	}},
	{"oidcc-ensure-request-with-unknown-parameter-succeeds", func(x *trial) { x.signedIn("extra", "foobar") }},
	{"oidcc-id-token-hint", func(x *trial) {
		first := x.signedIn()
		x.same(first, x.again("prompt", "none", "id_token_hint", first.ID))
	}},
	{"oidcc-login-hint", func(x *trial) {
		x.authorize("login_hint", "alice@example.org")
		x.sees(200, `value="alice@example.org"`)
		x.signIn()
		x.redeem(x.code())
	}},
	{"oidcc-ui-locales", func(x *trial) {
		x.authorize("ui_locales", "de en")
		x.sees(200, `<html lang="de"`)
		x.signIn()
		x.redeem(x.code())
		x.signedIn("ui_locales", "se", "prompt", "login") // not there: no error
	}},
	{"oidcc-claims-locales", func(x *trial) { x.signedIn("claims_locales", "se") }},
	{"oidcc-ensure-request-with-acr-values-succeeds", func(x *trial) {
		offered := list(x, "acr_values_supported")
		if got := x.signedIn("acr_values", strings.Join(offered, " ")); !slices.Contains(offered, got.claims.ACR) {
			x.Errorf("acr %q of %v", got.claims.ACR, offered)
		}
	}},
	{"oidcc-codereuse", func(x *trial) { x.reuse(0) }},
	{"oidcc-codereuse-30seconds", func(x *trial) {
		got := x.reuse(30 * time.Second)
		q, err := http.NewRequestWithContext(x.Context(), "GET", x.metadata.UserInfo, nil)
		if err != nil {
			x.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+got.Access)
		if status, _ := x.do(q); status != http.StatusUnauthorized {
			x.Errorf("userinfo takes the token of a code that was used twice: %d", status)
		}
	}},
	{"oidcc-ensure-registered-redirect-uri", func(x *trial) {
		x.authorize("redirect_uri", "https://party.example/callback/elsewhere")
		x.sees(400, "Invalid parameter: redirect_uri")
	}},
	{"oidcc-ensure-post-request-succeeds", func(x *trial) {
		x.send("POST", x.metadata.Authorization, x.request())
		x.signIn()
		x.redeem(x.code())
	}},
	{"oidcc-server-client-secret-post", func(x *trial) {
		x.authorize()
		x.signIn()
		got := x.ask(party{}, url.Values{"grant_type": {"authorization_code"}, "code": {x.code()}, "redirect_uri": {x.callback},
			"client_id": {x.id}, "client_secret": {x.secret}})
		x.verify(got)
	}},
	{"oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", func(x *trial) {
		x.open(x.metadata.Authorization + "?" + url.Values{"client_id": {x.id}, "response_type": {"code"}, "scope": {"openid"},
			"redirect_uri": {x.callback}, "state": {"a-state"}, "request_uri": {"https://party.example/request.jwt"}}.Encode())
		x.leaves(x.callback)
		if x.told.Get("error") != "request_uri_not_supported" || x.told.Get("state") != "a-state" {
			x.Errorf("the client was told %v", x.told)
		}
	}},
	{"oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported", func(x *trial) {
		q := x.request()
		x.open(x.metadata.Authorization + "?" + url.Values{"client_id": {x.id}, "response_type": {"code"}, "scope": {"openid"},
			"redirect_uri": {x.callback}, "request": {unsignedObject(q)}}.Encode())
		x.signIn()
		x.redeem(x.code())
	}},
	{"oidcc-claims-essential", func(x *trial) {
		x.has(x.userinfo(x.signedIn("scope", "openid profile", "claims", `{"userinfo": {"name": {"essential": true}}}`).Access), "name")
	}},
	{"oidcc-ensure-request-object-with-redirect-uri", func(x *trial) {
		q := x.request()
		x.open(x.metadata.Authorization + "?" + url.Values{"client_id": {x.id}, "response_type": {"code"}, "scope": {"openid"},
			"redirect_uri": {"https://elsewhere.example/callback"}, "request": {unsignedObject(q)}}.Encode())
		x.signIn()
		x.redeem(x.code()) // sent to the address in the object
	}},
	{"oidcc-refresh-token", func(x *trial) {
		first := x.signedIn("scope", "openid offline_access")
		refresh := func(who party) *grantedTokens {
			x.Helper()
			return x.ask(who, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {first.Refresh}})
		}
		if got := refresh(x.partyOf("second")); got.status != http.StatusBadRequest || got.Error != "invalid_grant" {
			x.Errorf("another client refreshes: %d %s", got.status, got.Error)
		}
		second := refresh(x.party)
		x.verify(second)
		x.same(first, second)
		if second.Access == first.Access {
			x.Error("the same access token again")
		}
	}},
	{"oidcc-ensure-request-with-valid-pkce-succeeds", func(x *trial) {
		proof := strings.Repeat("proof", 10)
		sum := sha256.Sum256([]byte(proof))
		x.authorize("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]), "code_challenge_method", "S256")
		x.signIn()
		x.redeem(x.code(), "code_verifier", proof)
	}},
}

// The claims of the standard scopes (OpenID Connect Core §5.4).
var (
	profileClaims = []string{"name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
		"website", "gender", "birthdate", "zoneinfo", "locale", "updated_at"}
	emailClaims = []string{"email", "email_verified"}
	phoneClaims = []string{"phone_number", "phone_number_verified"}
)

// address expects a whole postal address (OpenID Connect Core §5.1.1).
func (x *trial) address(info map[string]any) {
	x.Helper()
	address, ok := info["address"].(map[string]any)
	if !ok {
		x.Fatalf("address %v", info["address"])
	}
	x.has(address, "formatted", "street_address", "locality", "region", "postal_code", "country")
}

// same expects two ID tokens of one sign-in.
func (x *trial) same(a, b *grantedTokens) {
	x.Helper()
	if a.token.Subject != b.token.Subject || a.claims.AuthTime != b.claims.AuthTime {
		x.Errorf("%s of %d, then %s of %d", a.token.Subject, a.claims.AuthTime, b.token.Subject, b.claims.AuthTime)
	}
}

// reuse redeems a code, and again after a while: the second time must be refused. It gives what came of the first.
func (x *trial) reuse(after time.Duration) *grantedTokens {
	x.Helper()
	x.authorize()
	x.signIn()
	code := x.code()
	first := x.redeem(code)
	x.wait(after)
	again := x.ask(x.party, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {x.callback}})
	if again.status != http.StatusBadRequest || again.Error != "invalid_grant" {
		x.Errorf("the code is taken again: %d %s", again.status, again.Error)
	}
	return first
}

// unsignedObject is a request object that nobody signed (OpenID Connect Core §6.1).
func unsignedObject(q url.Values) string {
	claims := map[string]any{}
	for name := range q {
		claims[name] = q.Get(name)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err) // strings alone
	}
	encode := base64.RawURLEncoding.EncodeToString
	return encode([]byte(`{"alg":"none"}`)) + "." + encode(payload) + "."
}
