package federation

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/armor"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Why a foreign token is not believed. They are for the log and for events; people are told nothing of it.
var (
	ErrSignature = errors.New("the token is not signed by a key of the provider")
	ErrClaims    = errors.New("the token's claims do not fit")
)

// maxKeys is how many keys are tried on one token.
const maxKeys = 10

// KeyID is the key that a token says it is signed by; empty where it does not say.
func KeyID(compact string) string {
	c, err := token.Open(compact)
	if err != nil {
		return ""
	}
	return c.Header.Kid
}

// Verify checks a token's signature by one of keys. The key says which algorithms it may be used with
// (RFC 8725 §3.1); "none" and MACs never pass. An error wraps ErrSignature. The claims are not looked at:
// see CheckIDToken.
func Verify(compact string, keys []jose.JSONWebKey) (Foreign, error) {
	c, err := token.Open(compact)
	if err != nil {
		return Foreign{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	if err := signed(c, compact, keys); err != nil {
		return Foreign{}, err
	}
	return readForeign(c)
}

// ReadUnverified reads a token whose signature is not checked. Only for what came from the provider itself by
// TLS (OpenID Connect Core §3.1.3.7 point 6), where its administrator wants it so; never for what somebody else
// hands in.
func ReadUnverified(compact string) (Foreign, error) {
	c, err := token.Open(compact)
	if err != nil {
		return Foreign{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	return readForeign(c)
}

// Peek reads a token to find out by whose keys it is to be verified. Nothing that it says is proven.
func Peek(compact string) (Foreign, error) { return ReadUnverified(compact) }

func signed(c token.Compact, compact string, keys []jose.JSONWebKey) error {
	if !Asymmetric(c.Header.Alg) {
		return fmt.Errorf("%w: algorithm %q", ErrSignature, c.Header.Alg)
	}
	tried := 0
	for _, k := range keys {
		if c.Header.Kid != "" && k.KeyID != "" && k.KeyID != c.Header.Kid || !Fits(k, c.Header.Alg) {
			continue
		}
		if tried++; tried > maxKeys {
			break
		}
		s, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(c.Header.Alg)})
		if err != nil {
			return fmt.Errorf("%w: %w", ErrSignature, err)
		}
		if _, err := s.Verify(k.Key); err == nil {
			return nil
		}
	}
	if tried == 0 {
		return fmt.Errorf("%w: it has no key %q for %s", ErrSignature, c.Header.Kid, c.Header.Alg)
	}
	return ErrSignature
}

// Asymmetric tells whether a JWS algorithm signs with a private key.
func Asymmetric(alg string) bool {
	switch alg {
	case "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA":
		return true
	}
	return false
}

// Fits tells whether a public key may be used with a JWS algorithm. A private or symmetric key never
// fits.
func Fits(k jose.JSONWebKey, alg string) bool {
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

var (
	errNoKey   = errors.New("the provider's settings name no key")
	errKeyText = errors.New("publicKeySignatureVerifier is no public key")
)

// Keys are the keys that the provider's settings hold themselves; none where they are fetched from JWKSURL.
// They are a public key or a certificate, PEM or bare base64, or a JSON Web Key Set.
func (s *Settings) Keys() ([]jose.JSONWebKey, error) {
	given := strings.TrimSpace(s.Key)
	switch {
	case s.JWKSURL != "":
		return nil, nil
	case given == "":
		return nil, errNoKey
	case strings.HasPrefix(given, "{"):
		return ReadKeySet([]byte(given))
	}
	der, err := armor.Decode(given)
	if err != nil {
		return nil, errKeyText
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, errKeyText
		}
		key = certificate.PublicKey
	}
	return []jose.JSONWebKey{{Key: key, KeyID: s.KeyID}}, nil
}

// ReadKeySet reads a JSON Web Key Set: the public keys in it that are understood (RFC 7517 §5).
func ReadKeySet(body []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(body, &set); err != nil {
		return nil, err
	}
	var out []jose.JSONWebKey
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(raw) == nil && k.Valid() && k.IsPublic() {
			out = append(out, k)
		}
	}
	return out, nil
}

// ReadBundle reads the keys of a SPIFFE bundle that sign JWT-SVIDs (SPIFFE Trust Domain and Bundle §4.2). Those for
// X.509, and those that do not say what they are for, are passed over. A plain key set for signatures, as SPIRE's
// OIDC discovery provider publishes, will do.
func ReadBundle(body []byte) ([]jose.JSONWebKey, error) {
	keys, err := ReadKeySet(body)
	if err != nil {
		return nil, err
	}
	var out []jose.JSONWebKey
	for _, k := range keys {
		if k.Use == "jwt-svid" || k.Use == "sig" {
			k.Use = "sig"
			out = append(out, k)
		}
	}
	return out, nil
}
