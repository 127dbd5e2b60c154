package proxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// TestInterimAnswers: an answer before the answer (1xx) takes nothing along that the gatekeeper says with the latter, the cookie of a
// session that was renewed for example, and brings nothing that only the gatekeeper may say.
func TestInterimAnswers(t *testing.T) {
	p := newProvider(t)
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // says 100 Continue where that is wanted
		w.Header().Set("Link", "</style.css>; rel=preload")
		w.Header().Set("Set-Cookie", "__Host-kc-access=1.forged; Path=/; Secure")
		w.Header().Set("X-Frame-Options", "SAMEORIGIN")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusEarlyHints)
		w.Header().Set("Set-Cookie", "own=1; Path=/")
	}))
	defer up.Close()
	g := newGate(t, p, flags{"upstream-url": up.URL, "enable-refresh-tokens": "true", "enable-security-filter": "true", "filter-frame-deny": "true", "response-headers": "X-A=1"})
	b := g.browser()
	b.send("GET", b.atProvider(b.open("/")).RequestURI(), page...)
	p.set(func() { p.life = time.Hour })
	g.skip(6 * time.Minute)
	front := httptest.NewServer(g)
	defer front.Close()
	var early []http.Header
	trace := &httptrace.ClientTrace{Got1xxResponse: func(status int, h textproto.MIMEHeader) error {
		if status == http.StatusEarlyHints {
			early = append(early, http.Header(h))
		} else if len(h) > 0 {
			t.Errorf("%d comes with %v", status, h)
		}
		return nil
	}}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "POST", front.URL, strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", "__Host-kc-access="+b.cookies["__Host-kc-access"])
	r.Header.Set("Expect", "100-continue")
	resp, err := front.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if len(early) != 2 {
		t.Errorf("%d early hints", len(early))
	}
	for _, h := range early {
		if len(h) != 1 || len(h["Link"]) != 1 {
			t.Errorf("an early hint has %v", h)
		}
	}
	cookies := resp.Cookies()
	if h := resp.Header; resp.StatusCode != 200 || len(h["X-Frame-Options"]) != 1 || h.Get("X-Frame-Options") != "DENY" || h.Get("X-A") != "1" || len(h["Link"]) != 1 ||
		len(cookies) != 2 || cookies[0].Name != "__Host-kc-access" || cookies[0].Value == "1.forged" || cookies[1].Name != "own" {
		t.Errorf("%d %v", resp.StatusCode, h)
	}
}

// TestQueriesAreSentOn: the upstream gets a query as it came, whatever the gatekeeper's library can read of it.
func TestQueriesAreSentOn(t *testing.T) {
	p := newProvider(t)
	g := newGate(t, p, nil)
	for _, query := range []string{"a=1;b=2", "q=100%", "a;b", "x=%zz&y=1", "b=2&a=1&b=3", strings.Repeat("a&", 11_000)} {
		passes(t, g.ask("GET", "/x?"+query, "Authorization: Bearer "+p.bearer()))
		if got := g.last().URL.RawQuery; got != query {
			t.Errorf("%.20s arrives as %.20s", query, got)
		}
	}
}
