package verify

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// maxKeys is how many keys of a client are tried on one assertion.
const maxKeys = 10

var errNoClientKey = errors.New("the client has no key")

// clientKeys are the public keys that a client publishes or has been given.
func (v *Verifier) clientKeys(ctx context.Context, c *realm.Client, kid string) ([]jose.JSONWebKey, error) {
	switch {
	case c.UseJWKSURL:
		if c.JWKSURL == "" || v.Fetch == nil {
			return nil, errNoClientKey
		}
		return v.Fetch.Keys(ctx, c.JWKSURL, kid)
	case c.UseJWKS:
		return readKeys(c.JWKS)
	case c.Certificate != "":
		return readCertificate(c.Certificate, c.CertificateKid)
	}
	return nil, errNoClientKey
}

// readKeys reads a JSON Web Key Set, without the keys in it that are not understood (RFC 7517 §5).
func readKeys(text string) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal([]byte(text), &set); err != nil {
		return nil, err
	}
	var out []jose.JSONWebKey
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(raw) == nil {
			out = append(out, k)
		}
	}
	return out, nil
}

// readCertificate reads the key of a certificate, PEM or bare base64. It is a key in a wrapper: dates and
// issuer are not looked at.
func readCertificate(text, kid string) ([]jose.JSONWebKey, error) {
	der, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if block, _ := pem.Decode([]byte(text)); block != nil {
		der, err = block.Bytes, nil
	}
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return []jose.JSONWebKey{{Key: certificate.PublicKey, KeyID: kid}}, nil
}

// asymmetric tells whether a JWS algorithm signs with a private key.
func asymmetric(alg string) bool {
	switch alg {
	case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA":
		return true
	}
	return false
}

// fits tells whether a public key may be used with a JWS algorithm. A private or symmetric key never
// fits.
func fits(k jose.JSONWebKey, alg string) bool {
	if k.Use != "" && k.Use != "sig" || k.Algorithm != "" && k.Algorithm != alg {
		return false
	}
	switch key := k.Key.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(alg, "RS") || strings.HasPrefix(alg, "PS")
	case *ecdsa.PublicKey:
		return alg == map[string]string{"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[key.Curve.Params().Name]
	case ed25519.PublicKey:
		return alg == "EdDSA"
	}
	return false
}
