package proxy_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// failing are answers of an issuer, or of what stands before it, that is not well.
var failing = map[string]http.HandlerFunc{
	"500": func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "stack trace", http.StatusInternalServerError)
	},
	"429":           func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
	"a page":        func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>Back soon</html>") },
	"a page of 404": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "default backend", http.StatusNotFound) },
	"a page of 403": func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "<html>Blocked</html>", http.StatusForbidden)
	},
	"nothing": func(http.ResponseWriter, *http.Request) {},
	"half of it": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"keys": [`)
	},
	"another type": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `["x"]`) },
	"too much": func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"keys": [], "x": "`+strings.Repeat("x", 2<<20)+`"}`)
	},
	"a way elsewhere": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
	"another way": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	},
	"a lost connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	slowest: func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(2 * issuerTime):
		}
	},
}

const (
	slowest    = "no answer in time"
	issuerTime = time.Second // that this is waited for, and in which the issuer answers while it is well
)

// meeting are options of a gatekeeper that meets an issuer which fails in some way.
func meeting(way string) flags {
	own := flags{"enable-refresh-tokens": "true", "resources": "uri=/orders|exchange-to=orders\nuri=/css/*|white-listed=true"}
	if way == slowest {
		own["openid-provider-timeout"] = issuerTime.String()
	}
	return own
}

// TestIssuerFails: whatever an issuer answers that is not well, those who are in stay in, nobody new comes in, nothing is taken for a refusal that is none, and
// all is well when the issuer is, without a restart.
func TestIssuerFails(t *testing.T) {
	for name, answer := range failing {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t)
			g := newGate(t, p, meeting(name))
			b := g.browser()
			passes(t, b.signIn("/"))
			p.set(func() { p.life = 4 * time.Hour })
			token := "Authorization: Bearer " + p.bearer()
			waiting := g.browser()
			back := waiting.atProvider(waiting.open("/"))
			p.set(func() { p.instead = map[string]http.HandlerFunc{"": answer} })
			passes(t, b.open("/"))
			passes(t, g.ask("GET", "/", token))
			passes(t, g.ask("GET", "/css/x"))
			for what, got := range map[string]int{"a callback": waiting.send("GET", back.RequestURI(), page...).Code, "an exchange": g.ask("GET", "/orders", token).Code} {
				if got != 503 {
					t.Errorf("%s: %d", what, got)
				}
			}
			g.skip(6 * time.Minute) // keys have to be looked at again, and the session to be renewed
			passes(t, g.ask("GET", "/", token))
			if w := b.open("/"); w.Code != 503 || b.cookies["__Host-kc-access"] == "" || strings.Contains(w.Body.String(), "stack trace") {
				t.Errorf("a session whose token cannot be renewed: %d, cookies %v", w.Code, b.cookies)
			}
			p.newKey("second")
			if w := g.ask("GET", "/", "Authorization: Bearer "+p.bearer()); w.Code != 503 {
				t.Errorf("a token of a key that could not be fetched: %d, want 503", w.Code)
			}
			if n := p.count("/elsewhere"); n > 0 {
				t.Errorf("%d requests were led elsewhere", n)
			}
			p.set(func() { p.instead = nil })
			g.skip(time.Minute)
			g.settles(token, 401) // its key is withdrawn
			passes(t, g.ask("GET", "/orders", "Authorization: Bearer "+p.bearer()))
			passes(t, g.browser().signIn("/"))
			passes(t, b.open("/"))
		})
	}
}

// settles waits until a request is answered as it is to be: keys are fetched behind the requests that want them.
func (g *gate) settles(header string, want int) {
	g.Helper()
	var got int
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if got = g.ask("GET", "/", header).Code; got == want {
			return
		}
	}
	g.Errorf("it stays %d, want %d", got, want)
}

// TestIssuerFailsAtStart: an issuer that is away is waited for, whether its document or its keys; one that answers with something else is a
// mistake, and told.
func TestIssuerFailsAtStart(t *testing.T) {
	waited := map[string]bool{"500": true, "429": true, "half of it": true, "a lost connection": true, slowest: true}
	for name, answer := range failing {
		for _, path := range []string{"/realms/shop/.well-known/openid-configuration", "/realms/shop/keys"} {
			t.Run(name+path[strings.LastIndex(path, "/"):], func(t *testing.T) {
				t.Parallel()
				p := newProvider(t)
				p.set(func() { p.instead = map[string]http.HandlerFunc{path: answer} })
				g, err := makeGate(t, p, meeting(name))
				if !waited[name] {
					if err == nil || !strings.Contains(err.Error(), "discovery-url") {
						t.Errorf("it starts: %v", err)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				passes(t, g.ask("GET", "/css/x"))
				token := "Authorization: Bearer " + p.bearer()
				if w := g.ask("GET", "/", token); w.Code != 503 || w.Header().Get("Retry-After") == "" {
					t.Errorf("a token: %d", w.Code)
				}
				if w := g.ask("GET", "/oauth/ready"); w.Code != 503 {
					t.Errorf("ready: %d", w.Code)
				}
				p.set(func() { p.instead = nil })
				g.skip(time.Minute)
				g.settles(token, 200)
				passes(t, g.browser().signIn("/"))
			})
		}
	}
}

// TestKeysRotateWhileTheIssuerIsDown: tokens of the keys from before are good, those of new ones are neither good nor bad until the keys come.
func TestKeysRotateWhileTheIssuerIsDown(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, nil)
	old := "Authorization: Bearer " + p.bearer()
	passes(t, g.ask("GET", "/", old))
	p.newKey("second")
	p.set(func() { p.down = true })
	g.skip(time.Minute)
	later := "Authorization: Bearer " + p.bearer()
	if w := g.ask("GET", "/", later); w.Code != 503 {
		t.Errorf("a token of a new key: %d, want 503", w.Code)
	}
	passes(t, g.ask("GET", "/", old))
	p.set(func() { p.down = false })
	g.skip(time.Minute)
	g.settles(later, 200)
	g.settles(old, 401)
}

// TestIssuerIsReplaced: an issuer that comes back as another, with keys of its own at the same place, is another issuer's: nothing of it is
// believed, and it is told.
func TestIssuerIsReplaced(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, nil)
	token := "Authorization: Bearer " + p.bearer()
	passes(t, g.ask("GET", "/", token))
	p.set(func() { p.url = "https://evil.example/realms/shop" })
	p.newKey("evil")
	forged := "Authorization: Bearer " + p.bearer()
	g.skip(2 * time.Minute)
	if w := g.ask("GET", "/", forged); w.Code != 401 {
		t.Errorf("a token of another issuer: %d", w.Code)
	}
	if _, err := makeGate(t, p, flags{"discovery-url": p.at}); err == nil || !strings.Contains(err.Error(), "evil.example") {
		t.Errorf("a start there: %v", err)
	}
}

// TestRenewalsThatAreRefused: a session ends where its token is refused; where the gatekeeper is, its people wait until that is mended.
func TestRenewalsThatAreRefused(t *testing.T) {
	p := newProvider(t)
	for code, want := range map[string]int{"invalid_grant": 302, "invalid_token": 302, "invalid_client": 503, "unauthorized_client": 503} {
		g := newGate(t, p, flags{"enable-refresh-tokens": "true"})
		b := g.browser()
		passes(t, b.signIn("/"))
		p.set(func() { p.refuses["refresh_token"] = code })
		g.skip(6 * time.Minute)
		if w := b.open("/"); w.Code != want || (b.cookies["__Host-kc-access"] != "") != (want == 503) {
			t.Errorf("%s: %d, cookies %v", code, w.Code, b.cookies)
		}
		p.set(func() { delete(p.refuses, "refresh_token"); p.life = time.Hour })
		g.skip(time.Minute)
		if want == 503 {
			passes(t, b.open("/"))
		}
		p.set(func() { p.life = 5 * time.Minute })
	}
}
