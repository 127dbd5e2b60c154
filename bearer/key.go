package bearer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// How long the modulus of an RSA key may be, in bits: not so short that others find the key, and not so long that to
	// check a signature is work.
	minRSA, maxRSA = 2048, 8192

	maxKeys  = 100 // in a set; what is beyond is not read
	maxTried = 10  // on a token that names no key
)

// algorithms are the JWS algorithms that sign with a private key (RFC 7518 §3.1, RFC 8037), which are all that are known here.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

// key is a public key, and what the issuer says that it is for.
type key struct {
	jwk      jose.JSONWebKey
	identity string // of the key and of what it is for
}

// keySet is a key set as it was at a time. It does not change.
type keySet struct {
	keys    []key
	known   map[string]bool // identities
	fetched time.Time
}

// readKeySet reads the keys of a JSON Web Key Set that may sign; what it does not understand it passes over (RFC 7517 §5).
func readKeySet(body []byte, fetched time.Time) (*keySet, error) {
	m, err := readObject(body)
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	var given []json.RawMessage
	if json.Unmarshal(m["keys"], &given) != nil || given == nil {
		return nil, errors.New("key set: it has no keys")
	}
	set := &keySet{known: map[string]bool{}, fetched: fetched}
	for _, text := range given[:min(len(given), maxKeys)] {
		var jwk jose.JSONWebKey
		if jwk.UnmarshalJSON(text) != nil || jwk.Use != "" && jwk.Use != "sig" || !usable(&jwk) {
			continue
		}
		name, err := thumbprint(&jwk)
		if err != nil {
			continue
		}
		k := key{jwk: jwk, identity: strings.Join([]string{jwk.KeyID, jwk.Algorithm, name}, " ")}
		set.keys = append(set.keys, k)
		set.known[k.identity] = true
	}
	return set, nil
}

// usable tells whether it is a public key by which signatures can be checked.
func usable(k *jose.JSONWebKey) bool {
	switch public := k.Key.(type) {
	case *rsa.PublicKey:
		return k.Valid() && public.N.BitLen() >= minRSA && public.N.BitLen() <= maxRSA
	case *ecdsa.PublicKey, ed25519.PublicKey:
		return k.Valid()
	}
	return false
}

// fits tells whether a key may be used with an algorithm. The key decides (RFC 8725 §3.1).
func fits(k *jose.JSONWebKey, alg string) bool {
	if k.Algorithm != "" && k.Algorithm != alg {
		return false
	}
	switch public := k.Key.(type) {
	case *rsa.PublicKey:
		return strings.HasPrefix(alg, "RS") || strings.HasPrefix(alg, "PS")
	case *ecdsa.PublicKey:
		return alg == map[string]string{"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}[public.Params().Name]
	case ed25519.PublicKey:
		return alg == "EdDSA"
	}
	return false
}

// thumbprint is the SHA-256 thumbprint of a key (RFC 7638), base64url.
func thumbprint(k *jose.JSONWebKey) (string, error) {
	sum, err := k.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// signer is the key of the set that signed a token. ErrUnknownKey says that the set has none that could have, ErrSignature that
// those which could have did not.
func (s *keySet) signer(c *compact) (key, error) {
	tried := 0
	for _, k := range s.keys {
		if c.header.kid != "" && k.jwk.KeyID != "" && k.jwk.KeyID != c.header.kid || !fits(&k.jwk, c.header.alg) {
			continue
		}
		if tried++; tried > maxTried {
			break
		}
		if signed(c, k.jwk.Key) {
			return k, nil
		}
	}
	if tried > 0 {
		return key{}, ErrSignature
	}
	return key{}, ErrUnknownKey
}

// names tells whether a key of the set has an id, which may be empty.
func (s *keySet) names(id string) bool {
	return id != "" && slices.ContainsFunc(s.keys, func(k key) bool { return k.jwk.KeyID == id })
}

// signed tells whether a token is signed by a key, which must fit the algorithm of its header.
func signed(c *compact, public any) bool {
	jws, err := jose.ParseSignedCompact(c.text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(c.header.alg)})
	if err != nil {
		return false
	}
	_, err = jws.Verify(public)
	return err == nil
}

// checkAlgorithms refuses a list of algorithms that names one which is not known or not asymmetric.
func checkAlgorithms(list []string) error {
	for _, alg := range list {
		if !slices.Contains(algorithms, alg) {
			return fmt.Errorf("algorithm %q signs with no private key, or is not known", alg)
		}
	}
	return nil
}
