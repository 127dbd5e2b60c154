package server_test

import (
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/server"
)

// stairs is a realm in which a password gives level 1 and a one-time code level 2, for five minutes. The client vault
// has a flow for itself, in which administrators need a code. Ann and ben have generators by counter.
var stairs = `{"realm": "stairs", "enabled": true, "sslRequired": "none", "passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
	"otpPolicyType": "hotp", "otpPolicyLookAheadWindow": 1, "attributes": {"acr.loa.map": "{\"silver\": 1, \"gold\": 2}"}, "browserFlow": "steps",
	"authenticationFlows": [
		{"alias": "steps", "topLevel": true, "providerId": "basic-flow", "authenticationExecutions": [
			{"authenticator": "auth-cookie", "requirement": "ALTERNATIVE", "priority": 1}, {"flowAlias": "forms", "requirement": "ALTERNATIVE", "priority": 2}]},
		{"alias": "forms", "providerId": "basic-flow", "authenticationExecutions": [
			{"flowAlias": "first", "requirement": "CONDITIONAL", "priority": 1}, {"flowAlias": "second", "requirement": "CONDITIONAL", "priority": 2}]},
		{"alias": "first", "providerId": "basic-flow", "authenticationExecutions": [
			{"authenticator": "conditional-level-of-authentication", "authenticatorConfig": "one", "requirement": "REQUIRED", "priority": 1},
			{"authenticator": "auth-username-password-form", "requirement": "REQUIRED", "priority": 2}]},
		{"alias": "second", "providerId": "basic-flow", "authenticationExecutions": [
			{"authenticator": "conditional-level-of-authentication", "authenticatorConfig": "two", "requirement": "REQUIRED", "priority": 1},
			{"authenticator": "auth-otp-form", "requirement": "REQUIRED", "priority": 2}]},
		{"id": "vault-flow", "alias": "vaulted", "topLevel": true, "providerId": "basic-flow", "authenticationExecutions": [
			{"authenticator": "auth-username-password-form", "requirement": "REQUIRED", "priority": 1}, {"flowAlias": "forced", "requirement": "CONDITIONAL", "priority": 2}]},
		{"alias": "forced", "providerId": "basic-flow", "authenticationExecutions": [
			{"authenticator": "conditional-user-role", "authenticatorConfig": "admins", "requirement": "REQUIRED", "priority": 1},
			{"authenticator": "auth-otp-form", "requirement": "REQUIRED", "priority": 2}]}],
	"authenticatorConfig": [{"alias": "one", "config": {"loa-condition-level": "1", "loa-max-age": "36000"}},
		{"alias": "two", "config": {"loa-condition-level": "2", "loa-max-age": "300"}}, {"alias": "admins", "config": {"condUserRole": "admin"}}],
	"roles": {"realm": [{"name": "admin"}]},
	"clients": [
		{"clientId": "shop", "secret": "shop-secret", "redirectUris": ["https://shop.example/cb"]},
		{"clientId": "desk", "secret": "desk-secret", "redirectUris": ["https://desk.example/cb"]},
		{"clientId": "bank", "secret": "bank-secret", "redirectUris": ["https://bank.example/cb"], "attributes": {"default.acr.values": "gold"}},
		{"clientId": "mint", "secret": "mint-secret", "redirectUris": ["https://mint.example/cb"], "attributes": {"minimum.acr.value": "gold"}},
		{"clientId": "vault", "secret": "vault-secret", "redirectUris": ["https://vault.example/cb"], "authenticationFlowBindingOverrides": {"browser": "vault-flow"}}],
	"users": [` + climber("ann", "12345678901234567890", "") + `,` + climber("ben", "09876543210987654321", "") + `,` + climber("cat", "", "") + `,` + climber("dan", "", `"admin"`) + `]}`

// climber is a user of the realm stairs, who has a generator of one-time codes where there is a secret.
func climber(name, secret, roles string) string {
	credentials := `{"type": "password", "value": "` + name + `-password"}`
	if secret != "" {
		credentials += `, {"id": "` + name + `-token", "type": "otp", "secretData": "{\"value\":\"` + secret + `\"}",
			"credentialData": "{\"subType\":\"hotp\",\"digits\":6,\"counter\":0,\"algorithm\":\"HmacSHA1\"}"}`
	}
	return `{"username": "` + name + `", "enabled": true, "email": "` + name + `@stairs.example", "firstName": "A", "lastName": "B",
		"realmRoles": [` + roles + `], "credentials": [` + credentials + `]}`
}

// climb is the realm stairs as somebody at a browser meets it, with a clock.
type climb struct {
	hole
	ahead *atomic.Int64 // seconds that the server's clock is ahead
	used  *int          // how many of ann's codes were taken
}

func newClimb(t *testing.T) climb {
	t.Helper()
	ahead := &atomic.Int64{}
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load()) * time.Second) }
	web := secure(t, server.Config{Now: now}, map[string][]byte{"stairs.json": []byte(stairs)})
	return climb{hole{newPerson(t, web), web.URL + "/realms/stairs/protocol/openid-connect", web}, ahead, new(int)}
}

// other is another browser at the same server.
func (c climb) other(t *testing.T) climb {
	t.Helper()
	c.hole.person = newPerson(t, c.web)
	return c
}

// annCodes are those of ann's generator, in their order (RFC 4226 appendix D).
var annCodes = []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"}

// types fills in ann's next code.
func (c climb) types() {
	c.Helper()
	c.sees(200, askCode)
	c.submit("otp", annCodes[*c.used])
	*c.used++
}

// askCode is what a page says that asks for a code.
const askCode = "One-time code"

// enters fills in name and password.
func (c climb) enters(name string) {
	c.Helper()
	c.sees(200, "Sign in to your account")
	c.submit("username", name, "password", name+"-password")
}

// gets redeems the code that a client was sent, and gives the acr of its tokens, which a refresh keeps.
func (c climb) gets(client, want string) map[string]any {
	c.Helper()
	c.leaves("https://" + client + ".example/cb")
	if c.told.Get("code") == "" {
		c.Fatalf("%s is told %v", client, c.told)
	}
	got := c.posts(200, "/token", client, "grant_type", "authorization_code", "code", c.told.Get("code"), "redirect_uri", "https://"+client+".example/cb")
	again := c.posts(200, "/token", client, "grant_type", "refresh_token", "refresh_token", got["refresh_token"].(string))
	for what, compact := range map[string]any{"access token": got["access_token"], "ID token": got["id_token"], "refreshed": again["access_token"]} {
		if acr := claims(c.T, compact.(string))["acr"]; acr != want {
			c.Errorf("%s of %s: acr %v, want %s", what, client, acr, want)
		}
	}
	return claims(c.T, got["id_token"].(string))
}

// TestStepUp: who signed in by password is asked for what a higher level takes and no more, for as long as it lasts.
func TestStepUp(t *testing.T) {
	c := newClimb(t)
	c.asks("shop")
	c.enters("ann")
	first := c.gets("shop", "silver")

	c.asks("desk", "acr_values", "gold", "prompt", "none")
	if c.told.Get("error") != "login_required" {
		t.Fatalf("in silence: %v", c.told)
	}
	c.asks("desk", "acr_values", "gold")
	c.types()
	if stepped := c.gets("desk", "gold"); stepped["sid"] != first["sid"] {
		t.Error("another session began")
	}

	// What is held is not asked for again, by whomever.
	c.asks("desk", "prompt", "none")
	c.gets("desk", "gold")
	c.asks("desk", "acr_values", "2", "prompt", "none")
	c.gets("desk", "2") // as it was asked for
	c.asks("shop", "acr_values", "silver", "prompt", "none")
	c.gets("shop", "silver")
	c.asks("bank")
	c.gets("bank", "gold")

	// Five minutes later the level is over, and the session is not.
	c.ahead.Add(301)
	c.asks("shop", "acr_values", "silver")
	c.gets("shop", "silver")
	c.asks("bank")
	c.types()
	c.gets("bank", "gold")

	// A sign-in anew is one from the start.
	c.asks("bank", "prompt", "login")
	c.sees(200, "Please re-authenticate to continue")
	c.submit("password", "ann-password")
	c.types()
	c.gets("bank", "gold")
	c.ahead.Add(2)
	c.asks("shop", "max_age", "1")
	c.sees(200, "Please re-authenticate to continue")
	c.submit("password", "ann-password")
	c.gets("shop", "silver")
}

// TestLevelsAskedFor: by whom and how.
func TestLevelsAskedFor(t *testing.T) {
	all := newClimb(t)
	essential := func(acr string) string {
		return `{"id_token": {"acr": {"essential": true, "values": ["` + acr + `"]}}}`
	}
	for name, tt := range map[string]struct {
		client string
		asks   []string
		code   bool // a code is asked for
		want   string
	}{
		"nobody":                {"shop", nil, false, "silver"},
		"the request":           {"shop", []string{"acr_values", "gold"}, true, "gold"},
		"the lowest of some":    {"shop", []string{"acr_values", "gold silver"}, false, "silver"},
		"an essential claim":    {"shop", []string{"claims", essential("gold")}, true, "gold"},
		"the client":            {"bank", nil, true, "gold"},
		"the request wins":      {"bank", []string{"acr_values", "silver"}, false, "silver"},
		"not below the least":   {"mint", []string{"acr_values", "silver"}, true, "gold"},
		"the least of a client": {"mint", nil, true, "gold"},
		"more than there is":    {"shop", []string{"acr_values", "9"}, true, "gold"},
		"essential, too much":   {"shop", []string{"claims", essential("9")}, true, ""},
		"a claim, and beside":   {"shop", []string{"acr_values", "silver", "claims", `{"id_token": {"acr": {"value": "gold"}}}`}, false, "silver"},
		"nobody knows it":       {"bank", []string{"acr_values", "lead"}, false, "silver"},
	} {
		t.Run(name, func(t *testing.T) {
			c := all.other(t)
			c.asks(tt.client, tt.asks...)
			c.enters("ann")
			if tt.code {
				c.types()
			}
			if tt.want == "" {
				c.sees(400, "Authentication requirements not fulfilled")
				return
			}
			c.gets(tt.client, tt.want)
		})
	}
}

// TestStepUpWithoutFactor: who has no second factor sets one up, and gets nowhere without.
func TestStepUpWithoutFactor(t *testing.T) {
	c := newClimb(t)
	c.asks("shop")
	c.enters("cat")
	c.gets("shop", "silver")
	c.asks("bank")
	c.sees(200, "Mobile Authenticator Setup")
	c.asks("bank", "prompt", "none")
	if c.told.Get("error") != "login_required" {
		t.Errorf("in silence: %v", c.told)
	}
}

// TestFlowOfClient: the flow of the client counts in the place of the realm's, with its condition.
func TestFlowOfClient(t *testing.T) {
	c := newClimb(t)
	c.asks("vault")
	c.enters("ann") // has a generator, but is no administrator
	c.gets("vault", "silver")
	c = c.other(t)
	c.asks("vault")
	c.enters("dan")
	c.sees(200, "Mobile Authenticator Setup")
}

// TestStepUpAttacks: nobody gets to a level but by its factors.
func TestStepUpAttacks(t *testing.T) {
	all := newClimb(t)
	begin := func(t *testing.T) climb {
		t.Helper()
		c := all.other(t)
		c.asks("shop")
		c.enters("ann")
		c.gets("shop", "silver")
		c.asks("bank")
		c.sees(200, askCode)
		return c
	}
	stays := func(t *testing.T, c climb) { // and the way that is meant to be gone is open
		t.Helper()
		c.types()
		c.gets("bank", "gold")
	}
	t.Run("form of another step", func(t *testing.T) {
		c := begin(t)
		f := c.form()
		q := f.action.Query()
		for _, execution := range []string{"auth-username-password-form", "webauthn-authenticator", "OAUTH_GRANT", "CONFIGURE_TOTP", ""} {
			q.Set("execution", execution)
			f.action.RawQuery = q.Encode()
			c.send("POST", f.action.String(), url.Values{"username": {"ann"}, "password": {"ann-password"}})
			c.sees(200, askCode)
		}
		stays(t, c)
	})
	t.Run("form of level 1 again", func(t *testing.T) {
		c := all.other(t)
		c.asks("bank")
		password := c.form()
		c.enters("ann")
		c.sees(200, askCode)
		c.send("POST", password.action.String(), url.Values{"username": {"ann"}, "password": {"ann-password"}})
		c.enters("ann") // it led to the beginning
		stays(t, c)
	})
	t.Run("a setup that nobody asked for", func(t *testing.T) {
		c := begin(t)
		c.asks("shop", "kc_action", "CONFIGURE_TOTP")
		c.sees(200, askCode)
	})
	t.Run("code of another user", func(t *testing.T) {
		c := begin(t)
		for _, code := range []string{"", "000000", annCodes[*c.used+2]} { // none, wrong, and too far ahead
			c.submit("otp", code, "selectedCredentialId", "ben-token")
			c.sees(200, askCode)
		}
		stays(t, c)
	})
	t.Run("session of nobody", func(t *testing.T) {
		c := begin(t)
		f := c.form()
		other := newPerson(t, c.web)
		other.send("POST", f.action.String(), url.Values{"otp": {annCodes[*c.used]}})
		if other.told != nil || other.status != 400 {
			t.Errorf("without cookies: %d, told %v", other.status, other.told)
		}
	})
	t.Run("without levels in the request", func(t *testing.T) {
		c := begin(t)
		c.asks("bank", "acr_values", "0")
		c.gets("bank", "0") // as the client itself may ask; the token says so
		c.asks("mint", "acr_values", "0")
		c.sees(200, askCode)
	})
}
