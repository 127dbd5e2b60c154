package brokerclient_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/brokerclient"
)

const orders = "https://orders.example"

// service is what the requests of a Transport arrive at.
type service struct {
	got    []*http.Request
	bodies []string
	answer func(w http.ResponseWriter, r *http.Request)
}

func (s *service) RoundTrip(q *http.Request) (*http.Response, error) {
	body := ""
	if q.Body != nil {
		text, _ := io.ReadAll(q.Body)
		body = string(text)
		_ = q.Body.Close()
	}
	s.got, s.bodies = append(s.got, q), append(s.bodies, body)
	w := httptest.NewRecorder()
	if s.answer != nil {
		s.answer(w, q)
	}
	return w.Result(), nil
}

// of gives a context's subject token, as bearer.TokenFromContext does.
func of(ctx context.Context) (string, bool) {
	t, ok := ctx.Value(subjectKey{}).(string)
	return t, ok
}

type subjectKey struct{}

func asAlice(ctx context.Context) context.Context {
	return context.WithValue(ctx, subjectKey{}, "alice")
}

// TestTransport: requests go out with a token for the service, whatever credentials they came with.
func TestTransport(t *testing.T) {
	s, to := &server{}, &service{}
	transport := &brokerclient.Transport{Origin: orders, Source: s.client(t, brokerclient.Config{}).NewSource(), Subject: of, Audience: []string{"orders"}, Scope: []string{"read"}, Base: to}
	client := &http.Client{Transport: transport}
	for range 2 {
		q, _ := http.NewRequestWithContext(asAlice(t.Context()), "POST", orders+"/orders?x=1", strings.NewReader("body"))
		q.Header.Set("Authorization", "Bearer alice")
		q.Header.Set("DPoP", "a-proof")
		q.Header.Set("X-Trace", "1")
		answer, err := client.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if q.Header.Get("Authorization") != "Bearer alice" {
			t.Error("the caller's request is changed")
		}
	}
	for i, got := range to.got {
		if d := cmp.Diff([]string{"Bearer token-1", "", "1", "body"}, []string{got.Header.Get("Authorization"), got.Header.Get("DPoP"), got.Header.Get("X-Trace"), to.bodies[i]}); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
	if form := s.last().form; s.count() != 1 || form.Get("subject_token") != "alice" || form.Get("audience") != "orders" || form.Get("scope") != "read" {
		t.Errorf("asked %d times, %v", s.count(), form)
	}

	own := &brokerclient.Transport{Origin: orders, Source: transport.Source, Scope: []string{"read"}, Base: to}
	if _, err := (&http.Client{Transport: own}).Get(orders); err != nil || s.last().form.Get("grant_type") != "client_credentials" || to.got[2].Header.Get("Authorization") != "Bearer token-2" {
		t.Errorf("own: %v, %v", err, s.last().form)
	}
}

// TestTransportRefuses to send anything that is not for the service, or by nobody.
func TestTransportRefuses(t *testing.T) {
	s, to := &server{}, &service{}
	source := s.client(t, brokerclient.Config{}).NewSource()
	refused := &server{answer: refuse(403, `{"error":"access_denied"}`)}
	good := brokerclient.Transport{Origin: orders, Source: source, Subject: of, Audience: []string{"orders"}, Base: to}
	change := func(f func(t *brokerclient.Transport)) *brokerclient.Transport {
		changed := good
		f(&changed)
		return &changed
	}
	for name, tt := range map[string]struct {
		transport *brokerclient.Transport
		ctx       context.Context
		url       string
		want      string
	}{
		"another host":       {&good, asAlice(t.Context()), "https://evil.example/", "gets no token"},
		"another port":       {&good, asAlice(t.Context()), orders + ":8443/", "gets no token"},
		"no TLS":             {&good, asAlice(t.Context()), "http://orders.example/", "gets no token"},
		"a name that begins": {&good, asAlice(t.Context()), orders + ".evil.example/", "gets no token"},
		"no subject":         {&good, t.Context(), orders, "no subject token to exchange"},
		"empty subject":      {&good, context.WithValue(t.Context(), subjectKey{}, ""), orders, "no subject token to exchange"},
		"no origin":          {change(func(t *brokerclient.Transport) { t.Origin = "" }), asAlice(t.Context()), orders, "Transport.Origin"},
		"origin without TLS": {change(func(t *brokerclient.Transport) { t.Origin = "http://orders.example" }), asAlice(t.Context()), "http://orders.example", "InsecureHTTP"},
		"no source":          {change(func(t *brokerclient.Transport) { t.Source = nil }), asAlice(t.Context()), orders, "Transport.Source"},
		"own for a name":     {change(func(t *brokerclient.Transport) { t.Subject = nil }), t.Context(), orders, "Transport.Audience"},
		"refused":            {change(func(x *brokerclient.Transport) { x.Source = refused.client(t, brokerclient.Config{}).NewSource() }), asAlice(t.Context()), orders, "access_denied"},
	} {
		body := &closing{Reader: strings.NewReader("body")}
		q, err := http.NewRequestWithContext(tt.ctx, "POST", tt.url, body)
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&http.Client{Transport: tt.transport}).Do(q)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "alice") {
			t.Errorf("%s: %v", name, err)
		}
		if !body.closed {
			t.Errorf("%s: the body is left open", name)
		}
		if got := errors.Is(err, brokerclient.ErrNoSubject); got != strings.HasSuffix(name, " subject") {
			t.Errorf("%s: for want of a subject: %v", name, got)
		}
		if name == "refused" && !errors.Is(err, brokerclient.AccessDenied) {
			t.Errorf("%s is not access_denied", name)
		}
	}
	if len(to.got) > 0 {
		t.Errorf("the service got %v", to.got[0].URL)
	}
	to.answer = func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://evil.example/", http.StatusTemporaryRedirect)
	}
	q, _ := http.NewRequestWithContext(asAlice(t.Context()), "GET", orders, nil)
	if _, err := (&http.Client{Transport: &good}).Do(q); err == nil || !strings.Contains(err.Error(), "gets no token") || len(to.got) != 1 {
		t.Errorf("redirect: %v, %d requests", err, len(to.got))
	}
}

type closing struct {
	io.Reader
	closed bool
}

func (c *closing) Close() error { c.closed = true; return nil }

// TestTransportAfterRefusal: a token that the service does not accept is not sent again.
func TestTransportAfterRefusal(t *testing.T) {
	s := &server{}
	to := &service{answer: func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer token-1" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}}
	client := &http.Client{Transport: &brokerclient.Transport{Origin: orders, Source: s.client(t, brokerclient.Config{}).NewSource(), Base: to}}
	for _, want := range []int{401, 200, 200} {
		answer, err := client.Get(orders)
		if err != nil || answer.StatusCode != want {
			t.Fatalf("%v, %v; want %d", answer, err, want)
		}
	}
	if s.count() != 2 {
		t.Errorf("asked %d times", s.count())
	}
}

// TestTransportProves: a bound token goes with a proof for the request, which names the service's nonce.
func TestTransportProves(t *testing.T) {
	key, err := brokerclient.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	s := &server{answer: func(w http.ResponseWriter, _ asked) { issue(w, "bound", "DPoP", 300) }}
	sum := sha256.Sum256([]byte("bound"))
	hash, seen := base64.RawURLEncoding.EncodeToString(sum[:]), map[string]bool{}
	var nonces []string
	to := &service{}
	to.answer = func(w http.ResponseWriter, r *http.Request) {
		nonce := checkProof(t, key, r.Header.Get("DPoP"), r.Method, orders+"/orders/7", hash, seen)
		nonces = append(nonces, nonce)
		w.Header().Set("DPoP-Nonce", "n")
		if r.Header.Get("Authorization") != "DPoP bound" || nonce == "" {
			w.Header().Add("WWW-Authenticate", `DPoP algs="ES256", error="use_dpop_nonce"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	}
	client := &http.Client{Transport: &brokerclient.Transport{Origin: orders, Source: s.client(t, brokerclient.Config{Key: key}).NewSource(), Base: to}}
	for range 2 {
		answer, err := client.Post(orders+"/orders/7?x=1", "text/plain", strings.NewReader("body"))
		if err != nil || answer.StatusCode != 200 {
			t.Fatalf("%v, %v", answer, err)
		}
	}
	if d := cmp.Diff([]string{"", "n", "n"}, nonces); d != "" {
		t.Errorf("nonces (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"body", "body", "body"}, to.bodies); d != "" || s.count() != 1 {
		t.Errorf("asked %d times, bodies (-want +got):\n%s", s.count(), d)
	}
	// A body that cannot be had twice is not sent twice.
	fresh := &http.Client{Transport: &brokerclient.Transport{Origin: orders, Source: s.client(t, brokerclient.Config{Key: key}).NewSource(), Base: to}}
	q, _ := http.NewRequestWithContext(t.Context(), "POST", orders+"/orders/7", io.LimitReader(strings.NewReader("body"), 9))
	if answer, err := fresh.Do(q); err != nil || answer.StatusCode != 401 {
		t.Errorf("%v, %v", answer, err)
	}
}
