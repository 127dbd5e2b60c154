package kcadm

import (
	"crypto"
	"crypto/ecdsa"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// AssertionLifespan is how long a client's assertion, and with it its session, is good.
const AssertionLifespan = 10 * time.Minute

// Assertion is what a client proves itself by at a realm: who it is, for this once, signed (RFC 7523 §2.2).
func Assertion(key crypto.Signer, client, realmURL, id string, now time.Time) (string, error) {
	algorithm := jose.RS256
	if k, ok := key.Public().(*ecdsa.PublicKey); ok {
		algorithm = map[string]jose.SignatureAlgorithm{"P-256": jose.ES256, "P-384": jose.ES384, "P-521": jose.ES512}[k.Params().Name]
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", fmt.Errorf("the key cannot sign: %w", err)
	}
	claims, err := json.Marshal(map[string]any{"jti": id, "iss": client, "sub": client, "aud": realmURL,
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(AssertionLifespan).Unix()})
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}
