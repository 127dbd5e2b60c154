package proof

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// A proof is good from Skew before it was made, by a clock that is behind ours, to Life and Skew after: Keycloak's
// defaults.
const (
	Life = 10 * time.Second
	Skew = 15 * time.Second
)

// Target is the request that a proof has to be made for.
type Target struct {
	Method string
	URL    string // as the caller reaches it; query and fragment do not count
	Now    time.Time
	Nonces *Nonces // of which it must name one that is good now (RFC 9449 §8); nil: it need not
}

// Proof is a proof that was made for a request. Whether it was used before, and which token it goes with, it
// does not say by itself.
type Proof struct {
	Key       string    // SHA-256 thumbprint of the key that made it (RFC 7638), base64url
	ID        string    // jti, of any length: whoever makes a proof chooses it
	TokenHash string    // ath; empty where it goes with no token
	Until     time.Time // from then on it is too old
}

// refuse is a proof that is no good. Keycloak calls that an invalid request, where RFC 9449 §5 has a code for it.
func refuse(text string) *oauth.Error {
	return oauth.Errorf(oauth.InvalidRequest, "%s", text).InEvent("invalid_dpop_proof", text)
}

// What is wrong with a proof, in Keycloak's words.
var (
	ErrMissing  = refuse("DPoP proof is missing")
	ErrUsed     = refuse("DPoP proof has already been used")
	ErrOtherKey = refuse("DPoP confirmation doesn't match DPoP proof")
	ErrFormat   = refuse("DPoP header verification failure")

	errNoKey      = refuse("No JWK in DPoP header")
	errKey        = refuse("No public key in DPoP header")
	errPrivate    = refuse("Private key material must not be present in DPoP JWK")
	errSignature  = refuse("DPoP verification failure: org.keycloak.exceptions.TokenSignatureInvalidException: Invalid token signature")
	errClaims     = refuse("DPoP mandatory claims are missing")
	errMethod     = refuse("DPoP HTTP method mismatch")
	errURL        = refuse("DPoP HTTP URL mismatch")
	errNoURL      = refuse("Malformed HTTP URL in DPoP proof")
	errInactive   = refuse("DPoP proof is not active")
	errNoHash     = refuse("No access token hash in DPoP proof")
	errOtherToken = refuse("DPoP proof access token hash mismatch")
)

// Proved is what a request proved to have, by thumbprints; empty where it proved nothing.
type Proved struct {
	Key         string // that made its DPoP proof (RFC 9449 §6.1)
	Certificate string // of its TLS connection (RFC 8705 §3.1)
}

// Match tells whether who proved that much may use a token that is bound as c says; nil is not bound. What is bound to both
// a key and a certificate takes both. A token that is bound by other means is nobody's, for nobody can prove them.
func Match(c *token.Confirmation, p Proved) error {
	switch {
	case c == nil:
		return nil
	case c.JKT == "" && c.Certificate == "", c.JKT != "" && p.Key == "":
		return ErrMissing
	case c.JKT != "" && !same(c.JKT, p.Key):
		return ErrOtherKey
	case c.Certificate != "" && !same(c.Certificate, p.Certificate):
		return ErrCertificate
	}
	return nil
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// With tells whether the proof was made to go with an access token (RFC 9449 §4.3).
func (p *Proof) With(accessToken string) error {
	sum := sha256.Sum256([]byte(accessToken))
	hash := base64.RawURLEncoding.EncodeToString(sum[:])
	switch {
	case p.TokenHash == "":
		return errNoHash
	case !same(p.TokenHash, hash):
		return errOtherToken
	}
	return nil
}

// Use names the proof among all of a realm, in a fixed length. The jti counts for its key only, so that nobody can use
// up another's; another signature over the same proof is no other proof.
func (p *Proof) Use() string {
	sum := sha256.Sum256([]byte(p.Key + " " + p.ID))
	return hex.EncodeToString(sum[:])
}
