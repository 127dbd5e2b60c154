// Package bearertest is an issuer for the tests of services that package bearer protects: it has a discovery document and a key
// set, signs whatever claims a test wants, exchanges tokens, rotates keys, and fails when it is told to.
//
//	issuer := bearertest.NewIssuer(t)
//	v, err := bearer.NewVerifier(t.Context(), issuer.URL)
//	…
//	r.Header.Set("Authorization", "Bearer "+issuer.Token(bearertest.Claims{"aud": "orders", "scope": "orders:read"}))
//
// Keys are made anew for each issuer. It listens on 127.0.0.1 and ends with the test.
package bearertest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Claims are the claims of a token by their names. A claim that is nil is left out, also where Token has a default for it.
type Claims map[string]any

// Issuer issues tokens for tests. It is safe for concurrent use.
type Issuer struct {
	URL string // what "iss" is, and where it answers

	t       testing.TB
	handler http.Handler

	mu      sync.Mutex
	signing key   // signs tokens
	keys    []key // published
	made    int
	down    bool
	asked   map[string]int
	dead    map[string]bool   // revoked tokens
	opaque  map[string]Claims // by token
	denied  map[string]bool   // audiences that no token is exchanged for
}

// life is how long tokens are good by default.
const life = 5 * time.Minute

type key struct {
	private crypto.Signer
	id, alg string
}

// NewIssuer starts an issuer that signs by ES256.
func NewIssuer(t testing.TB) *Issuer {
	t.Helper()
	i := &Issuer{t: t, asked: map[string]int{}, dead: map[string]bool{}, opaque: map[string]Claims{}, denied: map[string]bool{}}
	i.Rotate("ES256")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", i.discovery)
	mux.HandleFunc("GET /keys", i.keySet)
	mux.HandleFunc("POST /introspect", i.introspect)
	mux.HandleFunc("POST /token", i.token)
	i.handler = i.fail(mux)
	s := httptest.NewServer(i.handler)
	t.Cleanup(s.Close)
	i.URL = s.URL
	return i
}

// Client reaches the issuer without the network: for tests in a bubble of testing/synctest, where a test sets the clock.
func (i *Issuer) Client() *http.Client { return &http.Client{Transport: direct{i.handler}} }

type direct struct{ http.Handler }

func (d direct) RoundTrip(q *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, q)
	return w.Result(), nil
}

// Token signs claims as an access token. It fills in what the test leaves out: iss, sub (alice), azp (a-client), typ (Bearer),
// jti, iat (now) and exp (in five minutes). There is no default audience: say whom the token is for.
func (i *Issuer) Token(c Claims) string {
	i.t.Helper()
	return i.Sign("JWT", i.filled(c))
}

// Sign signs claims as they are, under a header "typ", which may be empty: for tokens that are to be refused.
func (i *Issuer) Sign(headerType string, c Claims) string {
	i.t.Helper()
	i.mu.Lock()
	k := i.signing
	i.mu.Unlock()
	options := (&jose.SignerOptions{}).WithHeader("kid", k.id)
	if headerType != "" {
		options = options.WithType(jose.ContentType(headerType))
	}
	return sign(i.t, k, options, c)
}

// filled are claims with the defaults of those that are not there.
func (i *Issuer) filled(c Claims) Claims {
	now := time.Now()
	all := Claims{"iss": i.URL, "sub": "alice", "azp": "a-client", "typ": "Bearer", "jti": rand.Text(),
		"iat": now.Unix(), "exp": now.Add(life).Unix()}
	maps.Copy(all, c)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return all
}

// Opaque gives an access token that says nothing by itself; the introspection endpoint tells the claims.
func (i *Issuer) Opaque(c Claims) string {
	token := rand.Text()
	i.mu.Lock()
	defer i.mu.Unlock()
	i.opaque[token] = i.filled(c)
	return token
}

// Rotate makes a new key, which signs tokens from now on. The keys before it stay published.
func (i *Issuer) Rotate(alg string) {
	i.t.Helper()
	private := generate(i.t, alg)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.made++
	i.signing = key{private, fmt.Sprintf("key-%d", i.made), alg}
	i.keys = append(i.keys, i.signing)
}

// Withdraw takes all keys from the key set but the one that signs now.
func (i *Issuer) Withdraw() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = []key{i.signing}
}

// Down makes every request to the issuer fail with 503.
func (i *Issuer) Down() { i.setDown(true) }

// Up ends what Down began.
func (i *Issuer) Up() { i.setDown(false) }

func (i *Issuer) setDown(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

// Revoke makes introspection say that a token is not active.
func (i *Issuer) Revoke(token string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.dead[token] = true
}

// Asked is how often a path was asked for, "/keys" or "/introspect" for example, failures included.
func (i *Issuer) Asked(path string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked[path]
}

// fail counts requests, and refuses them while the issuer is down.
func (i *Issuer) fail(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.mu.Lock()
		i.asked[r.URL.Path]++
		down := i.down
		i.mu.Unlock()
		if down {
			http.Error(w, "down", http.StatusServiceUnavailable)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (i *Issuer) discovery(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]any{"issuer": i.URL, "jwks_uri": i.URL + "/keys", "introspection_endpoint": i.URL + "/introspect",
		"token_endpoint": i.URL + "/token"})
}

func (i *Issuer) keySet(w http.ResponseWriter, _ *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	var set jose.JSONWebKeySet
	for _, k := range i.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Algorithm: k.alg, Use: "sig"})
	}
	answer(w, set)
}

// introspect tells the claims of tokens that it issued. It does not ask who wants to know.
func (i *Issuer) introspect(w http.ResponseWriter, r *http.Request) {
	token := r.FormValue("token")
	i.mu.Lock()
	defer i.mu.Unlock()
	claims, known := i.opaque[token]
	if !known {
		claims, known = i.opened(token)
	}
	if !known || i.dead[token] {
		answer(w, Claims{"active": false})
		return
	}
	claims = maps.Clone(claims)
	claims["active"] = true
	answer(w, claims)
}

// opened are the claims of a token that a published key signed.
func (i *Issuer) opened(token string) (Claims, bool) {
	for _, k := range i.keys {
		jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(k.alg)})
		if err != nil {
			continue
		}
		if payload, err := jws.Verify(k.private.Public()); err == nil {
			var c Claims
			return c, json.Unmarshal(payload, &c) == nil
		}
	}
	return nil, false
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // the caller may have gone
}

// generate makes a key for an algorithm.
func generate(t testing.TB, alg string) crypto.Signer {
	t.Helper()
	var k crypto.Signer
	var err error
	switch alg {
	case "ES256":
		k, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		k, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "ES512":
		k, err = ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	case "EdDSA":
		_, k, err = ed25519.GenerateKey(rand.Reader)
	case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512":
		k, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		t.Fatalf("bearertest: no keys for algorithm %q", alg)
	}
	if err != nil {
		t.Fatalf("bearertest: make a key: %v", err)
	}
	return k
}

func sign(t testing.TB, k key, options *jose.SignerOptions, c Claims) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(k.alg), Key: k.private}, options)
	if err != nil {
		t.Fatalf("bearertest: %v", err)
	}
	payload, err := json.Marshal(c)
	if err != nil {
		t.Fatalf("bearertest: claims: %v", err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		t.Fatalf("bearertest: sign: %v", err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		t.Fatalf("bearertest: sign: %v", err)
	}
	return text
}
