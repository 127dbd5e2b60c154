package server_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/proof/prooftest"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// BenchmarkServer measures what requests cost the server: its handler is called without a network,
// by 16 callers per core, with events stored as in production. "req/cpu-s" are requests per second of CPU
// time of this process: all its cores, background writing and garbage collection included, a PostgreSQL
// server beside it not. "bare" is the least that a token endpoint can do: read a form, sign, answer.
//
//	go test ./internal/server -run '^$' -bench 'Server/sqlite/ES256'
func BenchmarkServer(b *testing.B) {
	for _, db := range databases {
		b.Run(db.name, func(b *testing.B) {
			plain, traced := newBenches(b, db)
			for _, alg := range []string{"RS256", "ES256"} {
				b.Run(alg, func(b *testing.B) {
					for _, c := range benchCases {
						realm := plain
						if c.traced {
							realm = traced
						}
						b.Run(c.name, func(b *testing.B) { measure(b, realm.handler, c.from(b, realm, alg)) })
					}
				})
			}
		})
	}
}

// benchCases are the requests that are measured.
var benchCases = []struct {
	name   string
	traced bool // in a realm that keeps the trace of each decision
	from   func(b *testing.B, s *bench, alg string) callers
}{
	{"client_credentials", false, func(_ *testing.B, s *bench, alg string) callers {
		return same(s.form("token", gateway(alg), "grant_type", "client_credentials"))
	}},
	{"exchange", false, func(b *testing.B, s *bench, alg string) callers {
		return same(s.exchange(alg, s.signIn(b, alg, "profile").AccessToken))
	}},
	{"exchange_dpop", false, func(b *testing.B, s *bench, alg string) callers { // each with a new proof, whose making is measured too
		q, key := s.exchange(alg, s.signIn(b, alg, "profile").AccessToken), prooftest.New(b)
		return func() source {
			return func() request {
				q := q
				q.proof = key.Prove(q.method, "http://127.0.0.1:8080"+q.path, time.Now(), nil)
				return q
			}
		}
	}},
	{"exchange_traced", true, func(b *testing.B, s *bench, alg string) callers {
		return same(s.exchange(alg, s.signIn(b, alg, "profile").AccessToken))
	}},
	{"exchange_unseen", false, func(b *testing.B, s *bench, alg string) callers {
		return each(s.accessTokens(b, alg), func(token string) request { return s.exchange(alg, token) })
	}},
	{"refresh", false, func(b *testing.B, s *bench, alg string) callers {
		return func() source { return repeat(s.refresh(alg, s.signIn(b, alg, "profile").RefreshToken)) }
	}},
	{"refresh_openid", false, func(b *testing.B, s *bench, alg string) callers {
		return func() source { return repeat(s.refresh(alg, s.signIn(b, alg, "openid").RefreshToken)) }
	}},
	{"introspect", false, func(b *testing.B, s *bench, alg string) callers {
		return same(s.form("token/introspect", gateway(alg), "token", s.signIn(b, alg, "profile").AccessToken))
	}},
	{"introspect_unseen", false, func(b *testing.B, s *bench, alg string) callers {
		return each(s.accessTokens(b, alg), func(token string) request {
			return s.form("token/introspect", gateway(alg), "token", token)
		})
	}},
	{"userinfo", false, func(b *testing.B, s *bench, alg string) callers {
		return same(request{method: "GET", path: s.path("userinfo"), bearer: s.signIn(b, alg, "openid").AccessToken})
	}},
}

// newBenches starts a server with two realms that differ in what traces they keep.
func newBenches(b *testing.B, db database) (plain, traced *bench) {
	where := db.open(b)
	if onePlace(where) { // what a write costs is the disk's doing
		where = onDisk(b)
	}
	s, _ := start(b, where, map[string][]byte{
		"plain.json":  benchRealm(b, "plain", nil),
		"traced.json": benchRealm(b, "traced", map[string]string{"tokenhouse.events.trace": "all"}),
	})
	return &bench{s.Handler(), "plain"}, &bench{s.Handler(), "traced"}
}

func onDisk(b testing.TB) server.Database {
	return server.Database{URL: "sqlite:" + filepath.Join(b.TempDir(), "bench.db")}
}

// BenchmarkExplain measures what `tokenhouse explain exchange` does once its database is open.
func BenchmarkExplain(b *testing.B) {
	s, _ := start(b, onDisk(b), map[string][]byte{"plain.json": benchRealm(b, "plain", nil)})
	b.ReportAllocs()
	before := cpu(b)
	for b.Loop() {
		r, err := s.Store().Realm(b.Context(), "plain")
		if err != nil {
			b.Fatal(err)
		}
		alice, err := s.Store().UserByName(b.Context(), r.Key, "alice")
		if err != nil {
			b.Fatal(err)
		}
		scene := rehearse.Scene{Realm: r, Base: "http://127.0.0.1:8080", Client: r.Client("spa"), User: alice, Now: time.Now()}
		outcome := rehearse.OfExchange(scene, r.Client("gateway"), rehearse.Parameters{Audiences: []string{"orders"}})
		if outcome.Refusal != nil || len(outcome.Trace.Steps) == 0 {
			b.Fatalf("outcome %+v", outcome)
		}
	}
	b.ReportMetric(float64(b.N)/(cpu(b)-before).Seconds(), "req/cpu-s")
}

// BenchmarkBare is the least that a token endpoint can do: read the form, sign a token of the usual size,
// answer.
func BenchmarkBare(b *testing.B) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	claims := base64.RawURLEncoding.EncodeToString(bytes.Repeat([]byte("x"), 600))
	ask := (&bench{realm: "plain"}).form("token", gateway("RS256"), "grant_type", "client_credentials")
	for _, alg := range []struct {
		name string
		sign func(sum []byte) ([]byte, error)
	}{
		{"RS256", func(sum []byte) ([]byte, error) { return rsa.SignPKCS1v15(nil, rsaKey, crypto.SHA256, sum) }},
		{"ES256", func(sum []byte) ([]byte, error) { return ecdsa.SignASN1(rand.Reader, ecKey, sum) }},
	} {
		b.Run(alg.name, func(b *testing.B) {
			measure(b, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.ParseForm() != nil || r.PostForm.Get("client_secret") != "gateway-secret" {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				input := "eyJhbGciOiJSUzI1NiJ9." + claims
				sum := sha256.Sum256([]byte(input))
				signature, err := alg.sign(sum[:])
				if err != nil {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
				w.Header().Set("Content-Type", "application/json")
				json.NewEncoder(w).Encode(tokens{AccessToken: input + "." + base64.RawURLEncoding.EncodeToString(signature)})
			}), same(ask))
		})
	}
}
