package proof

import (
	"crypto"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

const (
	headerType = "dpop+jwt" // RFC 9449 §4.2
	maxSize    = 8 << 10    // of a proof, in bytes: a key of RSA and a few short claims

	// How long the modulus of an RSA key may be, in bits: not so short that others find the key, and not so long
	// that to check a signature is work.
	minRSA, maxRSA = 2048, 8192
)

// Algs are the JWS algorithms that proofs may be signed with: those with a private key.
var Algs = []string{"PS384", "RS384", "EdDSA", "ES384", "ES256", "RS256", "ES512", "PS256", "PS512", "RS512"}

// Check tells whether a proof, as it came in the header, was made for a request (RFC 9449 §4.3), and by which key:
// the one that it carries, which decides the algorithms that it may be used with. It asks in Keycloak's order. What it
// does not check: that the proof is new, and the claim "ath".
func Check(compact string, at Target) (*Proof, error) {
	compact = strings.TrimSpace(compact)
	switch {
	case compact == "":
		return nil, ErrMissing
	case len(compact) > maxSize:
		return nil, ErrFormat
	}
	jws, err := token.Open(compact)
	if err != nil {
		return nil, ErrFormat.Because(err)
	}
	key, err := signer(&jws)
	if err != nil {
		return nil, err
	}
	signed, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(jws.Header.Alg)})
	if err != nil {
		return nil, ErrFormat.Because(err)
	}
	if _, err := signed.Verify(key.Key); err != nil {
		return nil, errSignature.Because(err)
	}
	p, err := read(&jws, at)
	if err != nil {
		return nil, err
	}
	sum, err := key.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, errKey.Because(err)
	}
	p.Key = base64.RawURLEncoding.EncodeToString(sum)
	return p, nil
}

// signer is the key in the header, which must be a public one and fit the algorithm.
func signer(jws *token.Compact) (*jose.JSONWebKey, error) {
	switch h := jws.Header; {
	case h.Typ != headerType:
		return nil, refuse("Invalid or missing type in DPoP header: " + told(h.Typ))
	case !federation.Asymmetric(h.Alg):
		return nil, refuse("Unsupported DPoP algorithm: " + told(h.Alg))
	}
	given, err := keyIn(jws)
	switch {
	case err != nil:
		return nil, ErrFormat.Because(err)
	case given == nil:
		return nil, errNoKey
	case private(given):
		return nil, errPrivate
	}
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(given); err != nil {
		return nil, errKey.Because(err)
	}
	if !key.Valid() || !key.IsPublic() || !federation.Fits(key, jws.Header.Alg) || !sane(key.Key) {
		return nil, errKey
	}
	return &key, nil
}

// keyIn is the member "jwk" of the header; nil where there is none.
func keyIn(jws *token.Compact) (json.RawMessage, error) {
	head, _, _ := strings.Cut(jws.Signed, ".")
	text, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	given := members["jwk"]
	if string(given) == "null" {
		return nil, nil
	}
	return given, nil
}

// private tells whether a JSON Web Key has members that are nobody else's to know (RFC 7518 §6).
func private(key json.RawMessage) bool {
	var members map[string]json.RawMessage
	if json.Unmarshal(key, &members) != nil {
		return false // no key at all: it will not be read
	}
	for name := range members {
		switch strings.ToLower(name) { // readers of JSON differ in whether case counts
		case "d", "p", "q", "dp", "dq", "qi", "oth", "k":
			return true
		}
	}
	return false
}

func sane(key any) bool {
	k, ok := key.(*rsa.PublicKey)
	return !ok || k.N.BitLen() >= minRSA && k.N.BitLen() <= maxRSA
}

// read reads what the proof says, and holds it against the request.
func read(jws *token.Compact, at Target) (*Proof, error) {
	c, err := token.Parse(jws.Payload)
	if err != nil {
		return nil, ErrFormat.Because(err)
	}
	method, _ := c.Other.Get("htm").(string)
	address, _ := c.Other.Get("htu").(string)
	hash, _ := c.Other.Get("ath").(string)
	if c.IssuedAt == 0 || blank(c.ID) || blank(method) || blank(address) {
		return nil, errClaims
	}
	if err := addressed(address, at.URL); err != nil {
		return nil, err
	}
	if method != at.Method {
		return nil, errMethod
	}
	made, now := c.IssuedAt, at.Now.Unix()
	life, skew := int64(Life/time.Second), int64(Skew/time.Second)
	if made > now+skew || made < now-life-skew {
		return nil, errInactive
	}
	if at.Nonces != nil && !at.Nonces.good(c.Nonce, at.Now) {
		return nil, ErrNonce
	}
	return &Proof{ID: c.ID, TokenHash: hash, Until: time.Unix(made, 0).Add(Life + Skew + time.Second)}, nil
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// maxTold is how long a word of the caller's may be to be told back, in bytes.
const maxTold = 32

// told is a word of the caller's as errors and events tell it: what is long or cannot be seen is not.
func told(word string) string {
	switch {
	case word == "":
		return "null"
	case len(word) > maxTold, strings.ContainsFunc(word, func(c rune) bool { return c < ' ' || c > '~' }):
		return "?"
	}
	return word
}
