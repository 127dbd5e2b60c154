package brokerclient_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/brokerclient"
)

const issuer = "https://id.example/realms/shop"

// server is an issuer that is reached without the network. It answers a token request with a token that tells how many it is,
// unless answer says otherwise.
type server struct {
	mu     sync.Mutex
	begun  int // requests of any kind, answered or not
	asked  []asked
	answer func(w http.ResponseWriter, q asked)
	slow   time.Duration // how long an answer takes
}

// asked is a token request.
type asked struct {
	form   url.Values
	header http.Header
}

func (s *server) RoundTrip(q *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.begun++
	s.mu.Unlock()
	select {
	case <-time.After(s.slow):
	case <-q.Context().Done():
	}
	if err := q.Context().Err(); err != nil { // also where both are so
		return nil, err
	}
	w := httptest.NewRecorder()
	switch q.URL.String() {
	case issuer + "/.well-known/openid-configuration":
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": issuer, "token_endpoint": issuer + "/token"})
	case issuer + "/token":
		_ = q.ParseForm()
		at := asked{q.PostForm, q.Header}
		s.mu.Lock()
		s.asked = append(s.asked, at)
		n, answer := len(s.asked), s.answer
		s.mu.Unlock()
		if answer != nil {
			answer(w, at)
		} else {
			issue(w, "token-"+strconv.Itoa(n), "Bearer", 300)
		}
	default:
		w.WriteHeader(http.StatusNotFound)
	}
	return w.Result(), nil
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

func (s *server) last() asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[len(s.asked)-1]
}

// client is one of the server.
func (s *server) client(t testing.TB, c brokerclient.Config) *brokerclient.Client {
	t.Helper()
	c.Issuer, c.HTTPClient = issuer, &http.Client{Transport: s}
	out, err := c.NewClient()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func issue(w http.ResponseWriter, token, scheme string, seconds int) {
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "token_type": scheme, "expires_in": seconds, "scope": "a b",
		"issued_token_type": brokerclient.AccessToken})
}

// refuse answers with an error.
func refuse(status int, body string, header ...string) func(http.ResponseWriter, asked) {
	return func(w http.ResponseWriter, _ asked) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(q *http.Request) (*http.Response, error) { return f(q) }
