package brokerclient

import (
	"crypto/sha256"
	"log/slog"
	"strings"
	"time"
)

// TokenType is a token type identifier (RFC 8693 §3).
type TokenType string

// The types that RFC 8693 §3 knows, and that of identity assertions. Where a request names none it is AccessToken.
const (
	AccessToken  TokenType = "urn:ietf:params:oauth:token-type:access_token"
	RefreshToken TokenType = "urn:ietf:params:oauth:token-type:refresh_token"
	IDToken      TokenType = "urn:ietf:params:oauth:token-type:id_token"
	JWT          TokenType = "urn:ietf:params:oauth:token-type:jwt"
	SAML2        TokenType = "urn:ietf:params:oauth:token-type:saml2"
	IDJAG        TokenType = "urn:ietf:params:oauth:token-type:id-jag" // identity assertion for another authorization server
)

// Token is what a server issued. Printed or logged it does not show itself.
type Token struct {
	Access  string    // access_token: the token that was asked for, whatever its type
	Scheme  string    // token_type: Bearer or DPoP; N_A where it is no access token
	Type    TokenType // issued_token_type, of exchanges
	Scopes  []string  // scope; nil where the server did not say
	Expires time.Time // zero where the server did not say
	Refresh string    // refresh_token; empty where there is none

	kept [sha256.Size]byte // under which a Source keeps it
}

// Bound tells whether the token is bound to the client's Key, and has to be sent with a proof.
func (t *Token) Bound() bool { return strings.EqualFold(t.Scheme, "DPoP") }

// String tells of a token without telling it.
func (t Token) String() string {
	return "token(" + t.Scheme + ", expires " + t.Expires.UTC().Format(time.RFC3339) + ")"
}

// GoString is String, for %#v.
func (t Token) GoString() string { return t.String() }

// LogValue is String, for log/slog.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }
