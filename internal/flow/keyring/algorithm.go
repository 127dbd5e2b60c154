package keyring

import (
	"crypto"
	_ "crypto/sha256" // SHA-256
	_ "crypto/sha512" // SHA-384, SHA-512
	"slices"
)

// Internal is the JWS algorithm of tokens that only the realm itself reads: refresh tokens.
const Internal = "HS512"

// The values of "kty" (RFC 7518 §6.1, RFC 8037 §2).
const (
	ktyRSA = "RSA"
	ktyEC  = "EC"
	ktyOKP = "OKP"
	ktyOct = "oct"
)

// The values of "use" (RFC 7517 §4.2).
const (
	useSig = "sig"
	useEnc = "enc"
)

// algorithm is a JWS algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
type algorithm struct {
	kty   string
	hash  crypto.Hash
	pss   bool   // RSASSA-PSS, else PKCS #1 v1.5
	curve string // of EC and OKP keys
}

var algorithms = map[string]algorithm{
	"RS256": {kty: ktyRSA, hash: crypto.SHA256},
	"RS384": {kty: ktyRSA, hash: crypto.SHA384},
	"RS512": {kty: ktyRSA, hash: crypto.SHA512},
	"PS256": {kty: ktyRSA, hash: crypto.SHA256, pss: true},
	"PS384": {kty: ktyRSA, hash: crypto.SHA384, pss: true},
	"PS512": {kty: ktyRSA, hash: crypto.SHA512, pss: true},
	"ES256": {kty: ktyEC, hash: crypto.SHA256, curve: "P-256"},
	"ES384": {kty: ktyEC, hash: crypto.SHA384, curve: "P-384"},
	"ES512": {kty: ktyEC, hash: crypto.SHA512, curve: "P-521"},
	"EdDSA": {kty: ktyOKP, curve: "Ed25519"},
	"HS256": {kty: ktyOct, hash: crypto.SHA256},
	"HS384": {kty: ktyOct, hash: crypto.SHA384},
	"HS512": {kty: ktyOct, hash: crypto.SHA512},
}

// encryption are the JWE algorithms whose keys are published; nothing is decrypted with them.
var encryption = []string{"RSA-OAEP", "RSA-OAEP-256", "RSA1_5"}

// kind is one of Keycloak's kinds of key providers.
type kind struct {
	kty       string
	use       string
	generated bool // the key is made, not given
}

// kinds are the kinds that are acted on.
var kinds = map[string]kind{
	"rsa-generated":     {ktyRSA, useSig, true},
	"rsa":               {ktyRSA, useSig, false},
	"rsa-enc-generated": {ktyRSA, useEnc, true},
	"rsa-enc":           {ktyRSA, useEnc, false},
	"ecdsa-generated":   {ktyEC, useSig, true},
	"eddsa-generated":   {ktyOKP, useSig, true},
	"hmac-generated":    {ktyOct, useSig, true},
	"aes-generated":     {ktyOct, useEnc, true},
}

// fits tells whether keys of the kind can be used with an algorithm.
func (k kind) fits(alg string) bool {
	if k.use == useSig {
		return k.kty == algorithms[alg].kty
	}
	return k.kty == ktyOct || slices.Contains(encryption, alg)
}

// generatedKind is the kind of generated keys that can sign with an algorithm, or "".
func generatedKind(alg string) string {
	switch algorithms[alg].kty {
	case ktyRSA:
		return "rsa-generated"
	case ktyEC:
		return "ecdsa-generated"
	case ktyOKP:
		return "eddsa-generated"
	case ktyOct:
		return "hmac-generated"
	}
	return ""
}
