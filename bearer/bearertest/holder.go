package bearertest

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Holder has a key that tokens can be bound to, and proves to have it (DPoP, RFC 9449).
type Holder struct {
	// Thumbprint names the key: Claims{"cnf": map[string]any{"jkt": holder.Thumbprint}} binds a token to it.
	Thumbprint string

	t   testing.TB
	key key
}

// NewHolder makes a key of ES256.
func NewHolder(t testing.TB) *Holder {
	t.Helper()
	k := generate(t, "ES256")
	jwk := jose.JSONWebKey{Key: k.Public()}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		t.Fatalf("bearertest: %v", err)
	}
	return &Holder{base64.RawURLEncoding.EncodeToString(sum), t, key{private: k, alg: "ES256"}}
}

// Bind gives claims with the binding to the holder's key.
func (h *Holder) Bind(c Claims) Claims {
	bound := Claims{"cnf": map[string]any{"jkt": h.Thumbprint}}
	maps.Copy(bound, c)
	return bound
}

// Proof proves possession for a request with a token. Claims are added to the proof's own, or take their place: a "nonce", or an
// "htm" that is to be refused.
func (h *Holder) Proof(method, url, token string, c Claims) string {
	h.t.Helper()
	sum := sha256.Sum256([]byte(token))
	all := Claims{"jti": rand.Text(), "htm": method, "htu": url, "iat": time.Now().Unix(), "ath": base64.RawURLEncoding.EncodeToString(sum[:])}
	maps.Copy(all, c)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return sign(h.t, h.key, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"), all)
}

// Authorize puts a token and a proof into a request for its URL.
func (h *Holder) Authorize(r *http.Request, token string) {
	h.t.Helper()
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	scheme := r.URL.Scheme
	if scheme == "" {
		scheme = "http"
	}
	r.Header.Set("Authorization", "DPoP "+token)
	r.Header.Set("DPoP", h.Proof(r.Method, scheme+"://"+host+r.URL.EscapedPath(), token, nil))
}
