package conformance

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
)

var b64 = base64.RawURLEncoding

// parts are those of a JWS in compact form, decoded; the signature is not looked at.
type parts struct {
	header, claims map[string]any
}

func open(compact string) (p parts, err error) {
	pieces := strings.Split(compact, ".")
	if len(pieces) != 3 {
		return p, skip("tokens are no JWTs")
	}
	for i, into := range []*map[string]any{&p.header, &p.claims} {
		text, err := b64.DecodeString(pieces[i])
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			return p, skip("tokens are no JWTs")
		}
	}
	return p, nil
}

// claims are what a token says: itself, or by introspection where it is opaque.
func (r *run) claims(ctx context.Context, token string) (map[string]any, error) {
	p, err := open(token)
	if err == nil {
		return p.claims, nil
	}
	if r.IntrospectionEndpoint == "" {
		return nil, skip("tokens are opaque, and there is no introspection")
	}
	a, err := r.introspect(ctx, token)
	if err == nil && a.members["active"] != true {
		err = skip("tokens are opaque, and the introspector may not introspect this one")
	}
	return a.members, err
}

// audience is the claim "aud", a text or a list (RFC 7519 §4.1.3).
func audience(claims map[string]any) []string {
	switch aud := claims["aud"].(type) {
	case string:
		return []string{aud}
	case []any:
		var out []string
		for _, one := range aud {
			if s, ok := one.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

// unsigned is a token of header and claims with what comes as its signature.
func unsigned(header, claims map[string]any) string {
	h, _ := json.Marshal(header) // they came from JSON
	c, _ := json.Marshal(claims)
	return b64.EncodeToString(h) + "." + b64.EncodeToString(c)
}

// byHMAC signs with the text of a public key as if it were a secret.
func byHMAC(header, claims map[string]any, key []byte) string {
	header["alg"] = "HS256"
	signed := unsigned(header, claims)
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(signed))
	return signed + "." + b64.EncodeToString(mac.Sum(nil))
}

// byStranger signs with a new key, which the header brings along (RFC 7515 §4.1.3).
func byStranger(header, claims map[string]any) (string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	raw, err := key.PublicKey.Bytes()
	if err != nil {
		return "", err
	}
	header["alg"] = "ES256"
	header["jwk"] = map[string]any{"kty": "EC", "crv": "P-256", "x": b64.EncodeToString(raw[1:33]), "y": b64.EncodeToString(raw[33:])}
	signed := unsigned(header, claims)
	digest := sha256.Sum256([]byte(signed))
	x, y, err := ecdsa.Sign(rand.Reader, key, digest[:])
	if err != nil {
		return "", err
	}
	return signed + "." + b64.EncodeToString(append(x.FillBytes(make([]byte, 32)), y.FillBytes(make([]byte, 32))...)), nil
}

// publicKeys are texts of the server's RSA keys, as an attacker may guess that they are read for a secret.
func (r *run) publicKeys(ctx context.Context) (out [][]byte, err error) {
	if r.KeysEndpoint == "" {
		return nil, skip("there is no jwks_uri")
	}
	a, err := r.get(ctx, r.KeysEndpoint)
	if err != nil {
		return nil, err
	}
	keys, _ := a.members["keys"].([]any)
	for _, key := range keys {
		k, _ := key.(map[string]any)
		n, _ := k["n"].(string)
		e, _ := k["e"].(string)
		modulus, err := b64.DecodeString(n)
		exponent, badExponent := b64.DecodeString(e)
		if n == "" || err != nil || badExponent != nil {
			continue
		}
		public := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus), E: int(new(big.Int).SetBytes(exponent).Int64())}
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return nil, fmt.Errorf("read the server's keys: %w", err)
		}
		out = append(out, der, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	if len(out) == 0 {
		return nil, skip("the server has no RSA key")
	}
	return out, nil
}
