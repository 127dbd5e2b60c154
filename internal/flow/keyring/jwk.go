package keyring

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/big"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// jwkBegin are the members that every published key begins with (RFC 7517 §4).
func (k *key) jwkBegin(kty, use string) token.Object {
	return token.Object{{Name: "kid", Value: k.provider.Kid}, {Name: "kty", Value: kty}, {Name: "alg", Value: k.alg}, {Name: "use", Value: use}}
}

// publicRSA is the public half as a JSON Web Key (RFC 7518 §6.3.1), with its certificate.
func (k *key) publicRSA(public *rsa.PublicKey, use string) (token.Object, error) {
	jwk := k.jwkBegin(ktyRSA, use)
	if text := k.provider.Certificate; text != "" {
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("the certificate cannot be read: %w", err)
		}
		short, long := sha1.Sum(der), sha256.Sum256(der) // thumbprints: nothing rests on SHA-1
		jwk = append(jwk, token.Member{Name: "x5c", Value: []string{text}},
			token.Member{Name: "x5t", Value: base64url(short[:])}, token.Member{Name: "x5t#S256", Value: base64url(long[:])})
	}
	return append(jwk, token.Member{Name: "n", Value: base64url(public.N.Bytes())},
		token.Member{Name: "e", Value: base64url(big.NewInt(int64(public.E)).Bytes())}), nil
}

// publicEC is the public half as a JSON Web Key (RFC 7518 §6.2.1).
func (k *key) publicEC(public *ecdsa.PublicKey) (token.Object, error) {
	point, err := public.Bytes()
	if err != nil {
		return nil, fmt.Errorf("the public key cannot be written: %w", err)
	}
	size := len(point) / 2 // 4, x, y
	return append(k.jwkBegin(ktyEC, useSig), token.Member{Name: "crv", Value: public.Params().Name},
		token.Member{Name: "x", Value: base64url(point[1 : 1+size])}, token.Member{Name: "y", Value: base64url(point[1+size:])}), nil
}

// publicEd is the public half as a JSON Web Key (RFC 8037 §2).
func (k *key) publicEd(public ed25519.PublicKey) token.Object {
	return append(k.jwkBegin(ktyOKP, useSig), token.Member{Name: "crv", Value: "Ed25519"}, token.Member{Name: "x", Value: base64url(public)})
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
