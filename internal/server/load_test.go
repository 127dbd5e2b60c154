package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// measure lets 16 callers per core send b.N requests, and reports what they cost.
func measure(b *testing.B, handler http.Handler, from callers) {
	const parallel = 16
	sources := make(chan source, parallel*runtime.GOMAXPROCS(0))
	for range cap(sources) {
		sources <- from()
	}
	var refused atomic.Int64
	b.SetParallelism(parallel)
	b.ReportAllocs()
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as Run has it while little memory is in use
	runtime.GC()
	b.ResetTimer()
	before := cpu(b)
	b.RunParallel(func(pb *testing.PB) {
		next, c := <-sources, newCaller()
		for pb.Next() {
			if c.call(handler, next()); c.status/100 != 2 {
				refused.Add(1)
			}
		}
	})
	b.StopTimer()
	spent := cpu(b) - before
	if n := refused.Load(); n > 0 {
		b.Errorf("%d of %d requests were refused", n, b.N)
	}
	b.ReportMetric(float64(b.N)/spent.Seconds(), "req/cpu-s")
}

// cpu is the CPU time that this process has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// caller calls a handler without a network, with as little work of its own as can be: one request and one
// response are used again and again. It is the http.ResponseWriter too.
type caller struct {
	request http.Request
	text    strings.Reader
	sent    http.Header
	status  int
	header  http.Header
	body    bytes.Buffer
}

func newCaller() *caller { return &caller{sent: http.Header{}, header: http.Header{}} }

func (c *caller) call(handler http.Handler, q request) {
	clear(c.sent)
	if q.bearer != "" {
		c.sent["Authorization"] = []string{"Bearer " + q.bearer}
	}
	if q.proof != "" {
		c.sent["Dpop"] = []string{q.proof}
	}
	if q.body != "" {
		c.sent["Content-Type"] = []string{q.contentType()}
	}
	c.text.Reset(q.body)
	c.request = http.Request{
		Method: q.method, URL: &url.URL{Path: q.path, RawQuery: q.query}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Host: "127.0.0.1:8080", RemoteAddr: "127.0.0.1:40000", RequestURI: q.path,
		Header: c.sent, Body: io.NopCloser(&c.text), ContentLength: int64(len(q.body)),
	}
	clear(c.header)
	c.body.Reset()
	c.status = http.StatusOK
	handler.ServeHTTP(c, &c.request)
}

func (c *caller) Header() http.Header         { return c.header }
func (c *caller) WriteHeader(status int)      { c.status = status }
func (c *caller) Write(p []byte) (int, error) { return c.body.Write(p) }

// request is what a caller sends, as often as it is measured.
type request struct {
	method, path, query, bearer, body string
	proof                             string // header DPoP; empty: none
}

// contentType is what the body is: JSON, or a form.
func (q *request) contentType() string {
	if strings.HasPrefix(q.body, "{") {
		return "application/json"
	}
	return "application/x-www-form-urlencoded"
}

// bench is a realm of a server to measure.
type bench struct {
	handler http.Handler
	realm   string
}

// path is where a protocol endpoint of the realm is.
func (s *bench) path(endpoint string) string {
	return "/realms/" + s.realm + "/protocol/openid-connect/" + endpoint
}

// form is a POST to an endpoint by a client, of pairs of names and values.
func (s *bench) form(endpoint string, client []string, pairs ...string) request {
	values := url.Values{}
	for pair := range slices.Chunk(slices.Concat(client, pairs), 2) {
		values.Add(pair[0], pair[1])
	}
	return request{method: "POST", path: s.path(endpoint), body: values.Encode()}
}

// suffix is the end of the client_ids whose tokens are signed with alg.
func suffix(alg string) string {
	if alg == "ES256" {
		return "-es"
	}
	return ""
}

func gateway(alg string) []string {
	return []string{"client_id", "gateway" + suffix(alg), "client_secret", "gateway-secret"}
}

func storefront(alg string) []string { return []string{"client_id", "spa" + suffix(alg)} }

func (s *bench) exchange(alg, subject string) request {
	return s.form("token", gateway(alg), "grant_type", "urn:ietf:params:oauth:grant-type:token-exchange", "audience", "orders",
		"subject_token", subject, "subject_token_type", "urn:ietf:params:oauth:token-type:access_token")
}

func (s *bench) refresh(alg, token string) request {
	return s.form("token", storefront(alg), "grant_type", "refresh_token", "refresh_token", token)
}

// tokens are what the token endpoint answers.
type tokens struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

// signIn asks for a scope: "openid" brings an ID token, which is another signature, now and at each refresh.
func (s *bench) signIn(b *testing.B, alg, scope string) tokens {
	return s.tokens(b, s.form("token", storefront(alg), "grant_type", "password",
		"username", "alice", "password", "alice-password", "scope", scope))
}

func (s *bench) tokens(b *testing.B, q request) tokens {
	c := newCaller()
	c.call(s.handler, q)
	var t tokens
	if err := json.Unmarshal(c.body.Bytes(), &t); c.status != http.StatusOK || err != nil {
		b.Fatalf("status %d: %s", c.status, c.body.String())
	}
	return t
}

// accessTokens are as many access tokens of one session as will be measured.
func (s *bench) accessTokens(b *testing.B, alg string) []string {
	again := s.refresh(alg, s.signIn(b, alg, "profile").RefreshToken)
	out := make([]string, b.N)
	for i := range out {
		out[i] = s.tokens(b, again).AccessToken
	}
	return out
}

// source gives the requests of one caller, one after the other; callers makes one for each of them, so that
// each may have a session of its own.
type (
	source  func() request
	callers func() source
)

func repeat(q request) source { return func() request { return q } }

// same lets all callers send one request again and again.
func same(q request) callers { return func() source { return repeat(q) } }

// each lets the callers send a request for each item, once.
func each(items []string, of func(item string) request) callers {
	requests := make([]request, len(items))
	for i, item := range items {
		requests[i] = of(item)
	}
	var next atomic.Int64
	return func() source {
		return func() request { return requests[next.Add(1)-1] }
	}
}
