package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/server"
)

// limits is an edge with limits at a time of which 7.5 s are left of a window of ten.
type limits struct {
	*edge
	t   *testing.T
	now time.Time
}

func newLimits(t *testing.T, attributes map[string]string, change func(*server.Config)) *limits {
	l := &limits{t: t, now: time.Date(2026, 3, 1, 12, 0, 22, 500_000_000, time.UTC)}
	l.edge = newEdge(t, map[string]any{"attributes": attributes, "sslRequired": "none"}, func(c *server.Config) {
		c.Now = func() time.Time { return l.now }
		if change != nil {
			change(c)
		}
	})
	return l
}

func (l *limits) passes(q asked) (body string) {
	l.t.Helper()
	w := l.do(q)
	if w.Code != http.StatusOK {
		l.t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func (l *limits) refused(q asked, text string) http.Header {
	l.t.Helper()
	w := l.do(q)
	want := `{"error":"slow_down","error_description":"` + text + `"}`
	if w.Code != http.StatusTooManyRequests || strings.TrimSpace(w.Body.String()) != want {
		l.t.Fatalf("%d %s", w.Code, w.Body)
	}
	if wait := w.Header().Get("Retry-After"); wait != "8" { // 7.5, rounded up
		l.t.Errorf("Retry-After: %q", wait)
	}
	if cache := w.Header().Get("Cache-Control"); cache != "no-store" {
		l.t.Errorf("Cache-Control: %q", cache)
	}
	return w.Header()
}

// nextWindow is when who was refused may come again.
func (l *limits) nextWindow() { l.now = l.now.Add(8 * time.Second) }

func asGateway(path string, pairs ...string) asked {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return asked{method: http.MethodPost, path: path, header: []string{"Authorization", "Basic Z2F0ZXdheTpnYXRld2F5LXNlY3JldA=="}, body: v.Encode()} // gateway:gateway-secret
}

func exchangeOf(subject string) asked {
	return asGateway(tokenPath, "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token", subject,
		"subject_token_type", "urn:ietf:params:oauth:token-type:access_token", "audience", "orders")
}

// accessToken signs alice in.
func (l *limits) accessToken() string {
	l.t.Helper()
	var held struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(l.passes(asked{method: http.MethodPost, path: tokenPath, body: signIn})), &held); err != nil {
		l.t.Fatal(err)
	}
	return held.Access
}

// TestLimitsOfPages: a page hears that it has to wait, and for how long.
func TestLimitsOfPages(t *testing.T) {
	l := newLimits(t, map[string]string{"tokenhouse.limit.token.client": "2/10s"}, nil)
	q := asked{method: http.MethodPost, path: tokenPath, body: signIn, header: []string{"Origin", "http://localhost:3000"}}
	l.passes(q)
	l.passes(q)
	h := l.refused(q, "Too many requests of this client")
	if h.Get("Access-Control-Allow-Origin") != "http://localhost:3000" || !strings.Contains(h.Get("Access-Control-Expose-Headers"), "Retry-After") {
		t.Errorf("a page may not read that: %v", h)
	}
	log := l.log.String()
	for _, want := range []string{`"type":"LOGIN_ERROR"`, `"error":"client_rate_limited"`, `"reason":"tokenhouse.limit.token.client is 2/10s"`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	l.nextWindow()
	l.passes(q)
}

func TestLimitsOfExchange(t *testing.T) {
	for by, text := range map[string]string{"client": "of this client", "user": "for this user", "address": "from this address"} {
		l := newLimits(t, map[string]string{"tokenhouse.limit.exchange." + by: "1/10s"}, nil)
		subject := l.accessToken()
		l.passes(exchangeOf(subject))
		l.refused(exchangeOf(subject), "Too many requests "+text)
		l.accessToken() // other grants go on
		l.nextWindow()
		l.passes(exchangeOf(subject))
	}
}

func TestLimitsOfIntrospection(t *testing.T) {
	for by, text := range map[string]string{"client": "of this client", "user": "for this user", "address": "from this address"} {
		l := newLimits(t, map[string]string{"tokenhouse.limit.introspection." + by: "1/10s"}, nil)
		q := asGateway(tokenPath+"/introspect", "token", l.accessToken())
		if !strings.Contains(l.passes(q), `"active":true`) {
			t.Errorf("by %s: the token is not active", by)
		}
		l.refused(q, "Too many requests "+text)
		l.accessToken() // the token endpoint goes on
		l.nextWindow()
		l.passes(q)
	}
}

// TestLimitsOfProxies: who is behind a trusted proxy is counted by their own address, and nobody by what they claim.
func TestLimitsOfProxies(t *testing.T) {
	l := newLimits(t, map[string]string{"tokenhouse.limit.token.address": "1/10s"}, func(c *server.Config) { c.Proxy = trusted("10.0.0.0/8") })
	q := func(peer, claimed string) asked {
		return asked{method: http.MethodPost, path: tokenPath, body: signIn, peer: peer, header: []string{"X-Forwarded-For", claimed, "X-Forwarded-Proto", "https"}}
	}
	const text = "Too many requests from this address"
	l.passes(q("10.0.0.1", "198.51.100.1"))
	l.passes(q("10.0.0.1", "198.51.100.2"))
	l.refused(q("10.0.0.1", "198.51.100.1"), text)
	l.refused(q("10.0.0.2", "203.0.113.9, 198.51.100.1"), text) // what comes before the last is hearsay
	l.passes(q("192.0.2.1", "198.51.100.1"))
	l.refused(q("192.0.2.1", "198.51.100.3"), text)
}

// TestLimitsOfNobody: without limits nothing is counted.
func TestLimitsOfNobody(t *testing.T) {
	l := newLimits(t, nil, nil)
	for range 20 {
		l.passes(asGateway(tokenPath, "grant_type", "client_credentials"))
	}
}
