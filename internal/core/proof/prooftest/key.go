// Package prooftest makes DPoP proofs for tests.
package prooftest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Key is a key that makes proofs.
type Key struct {
	t       testing.TB
	private any
	alg     jose.SignatureAlgorithm
	made    atomic.Int64 // how many proofs
}

// New makes a key of P-256.
func New(t testing.TB) *Key {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return Of(t, jose.ES256, private)
}

// Of makes proofs with a private key.
func Of(t testing.TB, alg jose.SignatureAlgorithm, private any) *Key {
	return &Key{t: t, private: private, alg: alg}
}

// Thumbprint is what tokens that are bound to the key say of it.
func (k *Key) Thumbprint() string {
	k.t.Helper()
	public := jose.JSONWebKey{Key: k.private.(crypto.Signer).Public()}
	sum, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		k.t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// Prove makes a new proof for a request. Claims are added to those that it needs, or take their place; nil takes one
// away.
func (k *Key) Prove(method, url string, at time.Time, claims map[string]any) string {
	k.t.Helper()
	all := map[string]any{"htm": method, "htu": url, "iat": at.Unix(), "jti": strconv.FormatInt(k.made.Add(1), 10)}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	options := (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt")
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: k.alg, Key: k.private}, options)
	if err != nil {
		k.t.Fatal(err)
	}
	compact, err := jwt.Signed(signer).Claims(all).Serialize()
	if err != nil {
		k.t.Fatal(err)
	}
	return compact
}

// With is the claim that a proof goes with an access token by.
func With(accessToken string) map[string]any {
	sum := sha256.Sum256([]byte(accessToken))
	return map[string]any{"ath": base64.RawURLEncoding.EncodeToString(sum[:])}
}
