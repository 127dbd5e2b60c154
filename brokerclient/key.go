package brokerclient

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/cryptosigner"
)

// Key signs: client assertions, and proofs of possession. The zero value is no key.
type Key struct {
	Private crypto.Signer // in memory, or in whatever keeps it

	// Algorithm is the JWS algorithm. Default: that of the curve, EdDSA, or RS256.
	Algorithm string

	// ID is what the server knows the public key by; proofs do not need one.
	ID string
}

// NewKey makes a key of ES256 in memory, for proofs of possession: it lasts as long as the program, and so do the tokens that are
// bound to it.
func NewKey() (Key, error) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return Key{Private: k}, err
}

// algorithm is the one set, or that of the key.
func (k Key) algorithm() (jose.SignatureAlgorithm, error) {
	if k.Private == nil {
		return "", errors.New("the key is empty")
	}
	if k.Algorithm != "" {
		return jose.SignatureAlgorithm(k.Algorithm), nil
	}
	switch public := k.Private.Public().(type) {
	case *rsa.PublicKey:
		return jose.RS256, nil
	case ed25519.PublicKey:
		return jose.EdDSA, nil
	case *ecdsa.PublicKey:
		switch public.Curve {
		case elliptic.P256():
			return jose.ES256, nil
		case elliptic.P384():
			return jose.ES384, nil
		case elliptic.P521():
			return jose.ES512, nil
		}
	}
	return "", fmt.Errorf("keys of type %T do not sign", k.Private)
}

// sign signs claims, with the public key in the header where it is to be embedded.
func (k Key) sign(typ string, embed bool, claims map[string]any) (string, error) {
	alg, err := k.algorithm()
	if err != nil {
		return "", err
	}
	options := (&jose.SignerOptions{EmbedJWK: embed}).WithType(jose.ContentType(typ))
	if k.ID != "" && !embed {
		options = options.WithHeader("kid", k.ID)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: cryptosigner.Opaque(k.Private)}, options)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return jws.CompactSerialize()
}

// Thumbprint names the key as the tokens do that are bound to it (cnf.jkt): SHA-256 of the public key (RFC 7638), base64url.
func (k Key) Thumbprint() (string, error) {
	if k.Private == nil {
		return "", errors.New("brokerclient: the key is empty")
	}
	jwk := jose.JSONWebKey{Key: k.Private.Public()}
	sum, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return "", fmt.Errorf("brokerclient: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(sum), nil
}

// proof makes a DPoP proof for one request (RFC 9449 §4.2); token and nonce may be empty.
func (k Key) proof(method string, to *url.URL, token, nonce string, now time.Time) (string, error) {
	at := url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path, RawPath: to.RawPath}
	if at.Path == "" {
		at.Path = "/"
	}
	claims := map[string]any{"jti": rand.Text(), "htm": method, "htu": at.String(), "iat": now.Unix()}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	text, err := k.sign("dpop+jwt", true, claims)
	if err != nil {
		return "", fmt.Errorf("brokerclient: sign a DPoP proof: %w", err)
	}
	return text, nil
}
