package proxy_test

import (
	"strings"
	"testing"
	"time"
)

func TestExchange(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"resources": "uri=/orders/*|exchange-to=orders\nuri=/billing/*|exchange-to=billing"})
	token := p.bearer()
	const grant = "urn:ietf:params:oauth:grant-type:token-exchange"
	for range 3 {
		passes(t, g.ask("GET", "/orders/1", "Authorization: Bearer "+token))
	}
	got := g.last().Header
	if got.Get("X-Auth-Audience") != "orders" || got.Get("X-Auth-Roles") != "orders:reader" || got.Get("X-Auth-Token") == token || got.Get("Authorization") != "Bearer "+got.Get("X-Auth-Token") {
		t.Errorf("the upstream sees %v", got)
	}
	if n := p.count(grant); n != 1 {
		t.Errorf("exchanged %d times", n)
	}
	passes(t, g.ask("GET", "/billing/1", "Authorization: Bearer "+token))
	passes(t, g.ask("GET", "/orders/1", "Authorization: Bearer "+p.bearer()))
	if n := p.count(grant); n != 3 {
		t.Errorf("for another audience and another token: exchanged %d times", n)
	}
	passes(t, g.ask("GET", "/", "Authorization: Bearer "+token))
	if g.last().Header.Get("X-Auth-Token") != token {
		t.Error("a resource without exchange gets another token")
	}
	if w := g.ask("GET", "/billing/..%2Forders/1", "Authorization: Bearer "+token); w.Code != 400 {
		t.Errorf("a path with two audiences: %d", w.Code)
	}
	p.set(func() { p.life = 10 * time.Minute })
	longer := p.bearer()
	passes(t, g.ask("GET", "/orders/1", "Authorization: Bearer "+longer))
	before := p.count(grant)
	g.skip(9*time.Minute + 35*time.Second)
	passes(t, g.ask("GET", "/orders/1", "Authorization: Bearer "+longer))
	if n := p.count(grant); n != before+1 {
		t.Errorf("25 seconds before its end: exchanged %d times more", n-before)
	}
}

func TestExchangeRefused(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"resources": "uri=/orders/*|exchange-to=orders", "explain-client-id": "explainer", "explain-client-secret": "explain-secret"})
	for code, want := range map[string]int{"access_denied": 403, "invalid_target": 403, "invalid_token": 401, "invalid_request": 403} {
		p.set(func() { p.refuses["urn:ietf:params:oauth:grant-type:token-exchange"] = code })
		w := g.ask("GET", "/orders/1", "Authorization: Bearer "+p.bearer())
		if w.Code != want || strings.Contains(w.Body.String(), "refused by the provider") || g.requests() > 0 {
			t.Errorf("%s: %d %s", code, w.Code, w.Body)
		}
	}
	if !strings.Contains(g.log.String(), "refused by the provider") || !strings.Contains(g.log.String(), "explained by the issuer") {
		t.Errorf("the log does not tell why: %s", g.log)
	}
}

// TestExchangeMended: the log says what lets the gatekeeper exchange, as far as Keycloak's texts tell. Callers do not see it.
func TestExchangeMended(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"resources": "uri=/orders/*|exchange-to=orders"})
	for refusal, want := range map[string]string{
		"invalid_request: Standard token exchange is not enabled for the requested client": `attributes.\"standard.token.exchange.enabled\"=true`,
		"invalid_request: Requested audience not available: orders":                        `config.\"included.client.audience\"=orders`,
		"access_denied: Client is not within the token audience":                           `-q clientId=spa --fields`,
		"invalid_client: Audience not found":                                               "make a client orders",
		"invalid_client: Public client is not allowed to exchange token":                   "client-secret",
		"access_denied: whatever this means":                                               "",
	} {
		p.set(func() { p.refuses["urn:ietf:params:oauth:grant-type:token-exchange"] = refusal })
		before := len(g.log.String())
		w := g.ask("GET", "/orders/1", "Authorization: Bearer "+p.bearer(claims{"azp": "spa"}))
		line := g.log.String()[before:]
		if w.Code != 403 || strings.Contains(w.Body.String(), "fixes") {
			t.Errorf("%s: a caller is told %d %s", refusal, w.Code, w.Body)
		}
		if !strings.Contains(line, want) || strings.Contains(line, "fix.") != (want != "") || strings.Contains(line, "level=WARN") != (want != "") {
			t.Errorf("%s: %s", refusal, line)
		}
	}
}

// TestExchangeOfWhatEnded: an issuer that ended a session does not exchange its tokens, which look good until they expire. That is
// for people to sign in again, and nothing that they would have to ask anybody for.
func TestExchangeOfWhatEnded(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"resources": "uri=/orders/*|exchange-to=orders"})
	b := g.browser()
	passes(t, b.signIn("/"))
	p.set(func() {
		p.refuses["urn:ietf:params:oauth:grant-type:token-exchange"] = "invalid_request: Invalid token"
	})
	if w := g.ask("GET", "/orders/1", "Authorization: Bearer "+p.bearer()); w.Code != 401 || !strings.Contains(w.Header().Get("WWW-Authenticate"), "invalid_token") {
		t.Errorf("a program is told %d %s", w.Code, w.Body)
	}
	b.atProvider(b.open("/orders/1"))
}
