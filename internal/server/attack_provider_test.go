package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/token/tokentest"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// stranger is an identity provider that says whatever it is told to. It has two issuers, at /up and /twin, with a
// client "club" at each.
type stranger struct {
	*httptest.Server
	key *ecdsa.PrivateKey

	lock    sync.Mutex
	answers map[string]http.HandlerFunc // of the token endpoint, by code
	asked   map[string]int              // requests, by path
}

func newStranger(t *testing.T) *stranger {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &stranger{key: key, answers: map[string]http.HandlerFunc{}, asked: map[string]int{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *stranger) public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: p.key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}
}

// ServeHTTP answers the server.
func (p *stranger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.lock.Lock()
	p.asked[r.URL.Path]++
	answer := p.answers[r.PostFormValue("code")]
	p.lock.Unlock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/keys"):
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{p.public()}})
	case answer == nil:
		http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
	default:
		answer(w, r)
	}
}

// count is how often an address was asked for.
func (p *stranger) count(path string) int {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.asked[path]
}

// gives has a code be answered with tokens.
func (p *stranger) gives(code, idToken string) {
	p.answer(code, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "at-of-" + code, "token_type": "Bearer", "expires_in": 300, "id_token": idToken})
	})
}

func (p *stranger) answer(code string, by http.HandlerFunc) {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.answers[code] = by
}

// says signs claims, as a key says it does.
func says(t *testing.T, alg jose.SignatureAlgorithm, key any, kid string, claims map[string]any) string {
	t.Helper()
	return tokentest.Sign(t, string(alg), key, map[string]any{"kid": kid}, claims)
}

// bare are claims with a header of anybody's, and no signature.
func bare(header string, claims map[string]any) string {
	text, _ := json.Marshal(claims)
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString(text) + "."
}

// club is a desk whose people may come from the stranger. User bob does: "bob-there" is his name at /up.
type club struct {
	*desk
	up *stranger
}

func newClub(t *testing.T, db database) *club {
	t.Helper()
	up := newStranger(t)
	return &club{newDeskOf(t, db, func(c *server.Config, _ string) { c.FetchPrivate = true }, up.join), up}
}

// join puts the stranger into a realm file.
func (p *stranger) join(file map[string]any) {
	var providers []any
	for _, alias := range []string{"up", "twin"} {
		at := p.URL + "/" + alias
		providers = append(providers, map[string]any{"alias": alias, "providerId": "oidc", "enabled": true, "trustEmail": true, "storeToken": true,
			"config": map[string]string{"issuer": at, "authorizationUrl": at + "/auth", "tokenUrl": at + "/token", "jwksUrl": at + "/keys", "useJwksUrl": "true",
				"validateSignature": "true", "pkceEnabled": "true", "pkceMethod": "S256", "clientId": "club", "clientSecret": "of the club"}})
	}
	file["identityProviders"] = providers
	for _, u := range file["users"].([]any) {
		if u := u.(map[string]any); u["username"] == "bob" {
			u["federatedIdentities"] = []any{map[string]any{"identityProvider": "up", "userId": "bob-there", "userName": "bob-there"}}
		}
	}
}

// in is the club in a test below.
func (c *club) in(t *testing.T) *club { return &club{&desk{c.arena.in(t), c.mail}, c.up} }

func (c *club) run(name string, test func(c *club)) {
	c.T.Run(name, func(t *testing.T) { test(c.in(t)) })
}

// leaves sends a browser to a provider, and gives what that is asked with.
func (c *club) leaves(b *browser, alias string) url.Values {
	c.Helper()
	s := b.open(b.request("web", "kc_idp_hint", alias))
	if s.location == nil || !strings.HasPrefix(s.location.String(), c.up.URL+"/"+alias+"/auth?") {
		c.Fatalf("not at the provider: %d %v", s.status, s.location)
	}
	return s.location.Query()
}

// back brings a browser back from a provider.
func (c *club) back(b *browser, alias string, p ...string) *shown {
	c.Helper()
	return b.ask("GET", c.below("/broker/"+alias+"/endpoint?"+pairs(p...).Encode()), nil)
}

// person are the claims of an ID token for a request.
func (c *club) person(q url.Values, subject string, more map[string]any) map[string]any {
	out := map[string]any{"iss": c.up.URL + "/up", "aud": "club", "sub": subject, "preferred_username": subject, "nonce": q.Get("nonce"),
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "sid": "sid-" + subject}
	maps.Copy(out, more)
	for name, value := range out {
		if value == nil {
			delete(out, name)
		}
	}
	return out
}

// comes brings a browser back from /up as somebody.
func (c *club) comes(b *browser, subject string, more map[string]any) *shown {
	c.Helper()
	q := c.leaves(b, "up")
	c.up.gives("code-of-"+subject, says(c.T, jose.ES256, c.up.key, "k", c.person(q, subject, more)))
	return c.back(b, "up", "state", q.Get("state"), "code", "code-of-"+subject).settle()
}
