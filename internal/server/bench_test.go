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
			bench := newBench(b, db)
			for _, alg := range []string{"RS256", "ES256"} {
				b.Run(alg, func(b *testing.B) {
					for _, c := range benchCases {
						b.Run(c.name, func(b *testing.B) { measure(b, bench.handler, c.from(b, bench, alg)) })
					}
				})
			}
		})
	}
}

// benchCases are the requests that are measured.
var benchCases = []struct {
	name string
	from func(b *testing.B, s *bench, alg string) callers
}{
	{"client_credentials", func(_ *testing.B, _ *bench, alg string) callers {
		return same(form("token", gateway(alg), "grant_type", "client_credentials"))
	}},
	{"exchange", func(b *testing.B, s *bench, alg string) callers {
		return same(exchange(alg, s.signIn(b, alg, "profile").AccessToken))
	}},
	{"exchange_unseen", func(b *testing.B, s *bench, alg string) callers {
		return each(s.accessTokens(b, alg), func(token string) request { return exchange(alg, token) })
	}},
	{"refresh", func(b *testing.B, s *bench, alg string) callers {
		return func() source { return repeat(refresh(alg, s.signIn(b, alg, "profile").RefreshToken)) }
	}},
	{"refresh_openid", func(b *testing.B, s *bench, alg string) callers {
		return func() source { return repeat(refresh(alg, s.signIn(b, alg, "openid").RefreshToken)) }
	}},
	{"introspect", func(b *testing.B, s *bench, alg string) callers {
		return same(form("token/introspect", gateway(alg), "token", s.signIn(b, alg, "profile").AccessToken))
	}},
	{"introspect_unseen", func(b *testing.B, s *bench, alg string) callers {
		return each(s.accessTokens(b, alg), func(token string) request {
			return form("token/introspect", gateway(alg), "token", token)
		})
	}},
	{"userinfo", func(b *testing.B, s *bench, alg string) callers {
		return same(request{method: "GET", path: benchPath + "userinfo", bearer: s.signIn(b, alg, "openid").AccessToken})
	}},
}

// benchPath is where the protocol endpoints of the realm that is measured begin.
const benchPath = "/realms/bench/protocol/openid-connect/"

// bench is a server to measure.
type bench struct{ handler http.Handler }

func newBench(b *testing.B, db database) *bench {
	where := db.open(b)
	if where.URL == "" { // what a write costs is the disk's doing
		where = onDisk(b)
	}
	s, _ := start(b, where, map[string][]byte{"bench.json": benchRealm(b)})
	return &bench{s.Handler()}
}

func onDisk(b *testing.B) server.Database {
	return server.Database{URL: "sqlite:" + filepath.Join(b.TempDir(), "bench.db")}
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
	ask := form("token", gateway("RS256"), "grant_type", "client_credentials")
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
