package proxy_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestNoSignInLoop: a browser that has just signed in twice is not sent to sign in once more, whatever the reason, but told what is wrong.
func TestNoSignInLoop(t *testing.T) {
	const exchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	for name, tt := range map[string]struct {
		own    flags
		spoil  func(*provider)
		lose   bool // the browser drops the session's cookie
		want   string
		mended func(*provider)
	}{
		"exchanges are refused with invalid_token": {own: flags{"resources": "uri=/*|exchange-to=orders"},
			spoil: func(p *provider) { p.refuses[exchange] = "invalid_token" }, want: "does not know your token", mended: func(p *provider) { delete(p.refuses, exchange) }},
		"exchanges are refused with invalid_grant": {own: flags{"resources": "uri=/*|exchange-to=orders"},
			spoil: func(p *provider) { p.refuses[exchange] = "invalid_grant" }, want: "does not know your token", mended: func(p *provider) { delete(p.refuses, exchange) }},
		"the cookie does not come back": {lose: true, want: "did not bring it back"},
		"the session is over at once": {spoil: func(p *provider) { p.life, p.access["exp"] = -time.Second, time.Now().Add(time.Hour).Unix() }, want: "ended at once",
			mended: func(p *provider) { p.life = time.Hour }},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			g := newGate(t, p, tt.own)
			if tt.spoil != nil {
				p.set(func() { tt.spoil(p) })
			}
			b := g.browser()
			for range 2 {
				w := b.send("GET", b.atProvider(b.open("/orders")).RequestURI(), "Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: cross-site")
				if w.Code != http.StatusFound || w.Header().Get("Location") != "/orders" {
					t.Fatalf("callback: %d %s", w.Code, w.Body)
				}
				if tt.lose {
					delete(b.cookies, "__Host-kc-access")
				}
			}
			w := b.open("/orders")
			if w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), tt.want) || !strings.Contains(w.Body.String(), `href="/oauth/authorize?redirect=%2Forders"`) {
				t.Fatalf("%d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
			}
			if !strings.Contains(g.log.String(), "level=WARN msg=refused") {
				t.Errorf("the log does not warn: %s", g.log)
			}
			if g.requests() != 0 {
				t.Error("the upstream is asked")
			}
			g.skip(time.Minute) // later it may help
			if w := b.open("/orders"); w.Code != http.StatusFound {
				t.Errorf("later: %d %s", w.Code, w.Body)
			}
			if tt.mended != nil {
				p.set(func() { tt.mended(p) })
				passes(t, g.browser().signIn("/orders"))
			}
		})
	}
}

// TestSignInAfterSignOut: who signs out may sign in at once.
func TestSignInAfterSignOut(t *testing.T) {
	g := newGate(t, newProvider(t), nil)
	b := g.browser()
	passes(t, b.signIn("/"))
	b.open("/oauth/logout")
	if len(b.cookies) != 0 {
		t.Errorf("cookies %v stay", b.cookies)
	}
	passes(t, b.signIn("/"))
}

// TestProgramsAreToldOfExchanges: a program cannot sign in, and hears that its token is bad.
func TestProgramsAreToldOfExchanges(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"resources": "uri=/*|exchange-to=orders"})
	p.set(func() { p.refuses["urn:ietf:params:oauth:grant-type:token-exchange"] = "invalid_token" })
	for _, headers := range [][]string{{"Accept: */*"}, page} {
		w := g.ask("GET", "/orders", append([]string{"Authorization: Bearer " + p.bearer()}, headers...)...)
		if w.Code != http.StatusUnauthorized || !strings.Contains(w.Header().Get("WWW-Authenticate"), `error="invalid_token"`) {
			t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
		}
	}
}

// TestSignInWithUnusableTokens: where the issuer gives tokens that are no good here, nobody is told to sign in again.
func TestSignInWithUnusableTokens(t *testing.T) {
	for name, tt := range map[string]struct {
		access claims
		want   string
	}{
		"a clock that is late":   {claims{"exp": time.Now().Add(-time.Second).Unix()}, "clocks of the issuer and of this gatekeeper differ"},
		"a clock that is early":  {claims{"iat": time.Now().Add(time.Hour).Unix()}, "clocks of the issuer and of this gatekeeper differ"},
		"another name":           {claims{"iss": "https://other.example"}, "say what in the option issuer"},
		"no type":                {claims{"typ": nil}, "accept-untyped-tokens"},
		"bound to a key":         {claims{"cnf": claims{"jkt": "x"}}, "needs tokens that are not bound"},
		"too large for a cookie": {claims{"padding": strings.Repeat("x", 40_000)}, "too large for the cookies"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			g := newGate(t, p, nil)
			p.set(func() { maps.Copy(p.access, tt.access) })
			b := g.browser()
			w := b.send("GET", b.atProvider(b.open("/orders")).RequestURI(), page...)
			if w.Code != http.StatusBadGateway || !strings.Contains(w.Body.String(), tt.want) || len(b.cookies) != 0 {
				t.Errorf("%d, cookies %v: %s", w.Code, b.cookies, w.Body)
			}
			if !strings.Contains(g.log.String(), "level=ERROR msg=refused") {
				t.Errorf("the log: %s", g.log)
			}
		})
	}
}

// TestSignInWithoutCookies: who comes back without the cookie they left with is told what may be wrong.
func TestSignInWithoutCookies(t *testing.T) {
	g := newGate(t, newProvider(t), nil)
	b := g.browser()
	back := b.atProvider(b.open("/orders"))
	if w := g.ask("GET", back.RequestURI(), page...); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "another address than https://gate.example,") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
