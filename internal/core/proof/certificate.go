package proof

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

const otherCertificate = "Client certificate missing, or its thumbprint and one in the refresh token did NOT match"

// ErrCertificate refuses who does not have the certificate that a token is bound to, in Keycloak's words, which speak of
// refresh tokens for others too.
var ErrCertificate = oauth.Errorf(oauth.InvalidRequest, otherCertificate).InEvent("not_allowed", otherCertificate)

// Thumbprint names a certificate as the tokens do that are bound to it (RFC 8705 §3.1): the SHA-256 of its DER, base64url.
// It is empty for none, and for one that is not valid at the time: a connection may outlive it. Who signed it, and that
// the caller has its key, was asked when it was presented.
func Thumbprint(c *x509.Certificate, now time.Time) string {
	if c == nil || now.Before(c.NotBefore) || now.After(c.NotAfter) {
		return ""
	}
	sum := sha256.Sum256(c.Raw)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
