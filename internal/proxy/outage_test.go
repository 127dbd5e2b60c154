package proxy_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy"
)

// TestIssuerIsDownAtStart: the gatekeeper starts, serves what needs nobody's token, and lets people in as soon as the issuer is there.
func TestIssuerIsDownAtStart(t *testing.T) {
	p := newProvider(t)
	p.set(func() { p.down = true })
	g := newGate(t, p, flags{"resources": "uri=/css/*|white-listed=true"})
	passes(t, g.ask("GET", "/css/x"))
	token := "Authorization: Bearer " + p.bearer()
	for name, headers := range map[string][]string{"a program": {token}, "a browser": page} {
		w := g.ask("GET", "/", headers...)
		if w.Code != 503 || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), p.URL) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
	if w := g.ask("GET", "/oauth/health"); w.Code != 200 {
		t.Errorf("health: %d", w.Code)
	}
	if w := g.ask("GET", "/oauth/ready"); w.Code != 503 {
		t.Errorf("ready: %d", w.Code)
	}
	p.set(func() { p.down = false })
	g.skip(time.Minute)
	if w := g.ask("GET", "/oauth/ready"); w.Code != 200 {
		t.Errorf("ready: %d %s", w.Code, g.log)
	}
	passes(t, g.browser().signIn("/"))
}

// TestIssuerGoesDown: tokens are good as long as keys are believed, sessions as long as their token; nobody new comes in.
func TestIssuerGoesDown(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"enable-refresh-tokens": "true", "resources": "uri=/orders|exchange-to=orders"})
	b := g.browser()
	passes(t, b.signIn("/"))
	p.set(func() { p.life = 4 * time.Hour })
	lasting := "Authorization: Bearer " + p.bearer()
	waiting := g.browser()
	back := waiting.atProvider(waiting.open("/wanted"))
	p.set(func() { p.down = true })
	passes(t, b.open("/"))
	passes(t, g.ask("GET", "/", lasting))
	if w := g.ask("GET", "/orders", lasting); w.Code != 503 {
		t.Errorf("an exchange: %d", w.Code)
	}
	if w := waiting.send("GET", back.RequestURI(), page...); w.Code != 503 || !strings.Contains(w.Body.String(), `href="/oauth/authorize?redirect=%2Fwanted"`) {
		t.Errorf("a callback: %d %s", w.Code, w.Body)
	}
	g.skip(5*time.Minute - 5*time.Second)
	passes(t, b.open("/")) // cannot be renewed early, and is good still
	g.skip(10 * time.Second)
	if w := b.open("/"); w.Code != 503 || b.cookies["__Host-kc-access"] == "" {
		t.Errorf("a session whose token cannot be renewed: %d, cookies %v", w.Code, b.cookies)
	}
	passes(t, g.ask("GET", "/", lasting))
	g.skip(2 * time.Hour)
	if w := g.ask("GET", "/", lasting); w.Code != 503 {
		t.Errorf("keys that nobody confirmed for two hours: %d", w.Code)
	}
	p.set(func() { p.down = false })
	g.skip(time.Minute)
	g.settles(lasting, 200)
}

func TestKeysRotate(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, nil)
	old := "Authorization: Bearer " + p.bearer()
	passes(t, g.ask("GET", "/", old))
	p.newKey("second")
	g.skip(time.Minute)
	passes(t, g.ask("GET", "/", "Authorization: Bearer "+p.bearer()))
	if w := g.ask("GET", "/", old); w.Code != 401 {
		t.Errorf("a token of a key that was withdrawn: %d", w.Code)
	}
}

func TestUpstreamIsDown(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, flags{"upstream-url": "http://127.0.0.1:1"})
	w := g.ask("GET", "/", append(page, "Authorization: Bearer "+p.bearer())...)
	if w.Code != http.StatusBadGateway || strings.Contains(w.Body.String(), "127.0.0.1") || !strings.Contains(g.log.String(), "connection refused") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestUpstreamIsSlow: it is not waited for longer than the configuration says.
func TestUpstreamIsSlow(t *testing.T) {
	p := newProvider(t)
	end := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-end }))
	defer slow.Close()
	defer close(end)
	g := newGate(t, p, flags{"upstream-url": slow.URL, "upstream-response-header-timeout": "20ms"})
	if w := g.ask("GET", "/", "Authorization: Bearer "+p.bearer()); w.Code != http.StatusBadGateway {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// TestAnotherIssuer: a document that is of another issuer is not waited for.
func TestAnotherIssuer(t *testing.T) {
	p := newProvider(t)
	g := &gate{TB: t, provider: p, log: &lines{}, upstream: p.Server}
	s, err := g.settings(flags{"discovery-url": p.url, "issuer": "http://127.0.0.1:1/realms/other"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := proxy.New(t.Context(), s.Config); err == nil || !strings.Contains(err.Error(), "discovery-url") {
		t.Errorf("%v", err)
	}
}

// TestIssuerHasTwoAddresses: tokens name that which people use, servers use the other.
func TestIssuerHasTwoAddresses(t *testing.T) {
	p := newProvider(t)
	p.set(func() { p.url = "https://id.example/realms/shop" })
	g := newGate(t, p, flags{"discovery-url": p.at, "issuer": p.url, "resources": "uri=/orders|exchange-to=orders"})
	passes(t, g.ask("GET", "/orders", "Authorization: Bearer "+p.bearer()))
	if to := g.ask("GET", "/", page...).Header().Get("Location"); !strings.HasPrefix(to, "https://id.example/realms/shop/auth?") {
		t.Errorf("people are sent to %s", to)
	}
}

// TestUnverified: the signature is not looked at, all else is, and the log says so at start.
func TestUnverified(t *testing.T) {
	p, stranger := newProvider(t), newProvider(t)
	g := newGate(t, p, flags{"unsafe-skip-token-verification": "true"})
	passes(t, g.ask("GET", "/", "Authorization: Bearer "+stranger.bearer()))
	for name, c := range map[string]claims{"expired": {"exp": 1}, "no end": {"exp": nil}, "for another": {"aud": "x"}} {
		if w := g.ask("GET", "/", "Authorization: Bearer "+stranger.bearer(c)); w.Code != 401 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if w := g.ask("GET", "/", "Authorization: Bearer x.y"); w.Code != 401 {
		t.Errorf("garbage: %d", w.Code)
	}
	if !strings.Contains(g.log.String(), "NOT verified") {
		t.Errorf("the log does not warn: %s", g.log)
	}
}
