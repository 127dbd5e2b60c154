package grant

import "github.com/tokenhouse/tokenhouse/internal/core/token"

// Response is the answer of the token endpoint (RFC 6749 §5.1, RFC 8693 §2.2.1), with Keycloak's
// members beside the standard ones. Times are seconds.
type Response struct {
	AccessToken      string `json:"access_token"` // whatever was issued, an ID token too where that was asked for
	ExpiresIn        int64  `json:"expires_in"`
	RefreshExpiresIn int64  `json:"refresh_expires_in"` // zero without a refresh token, and where it does not expire
	RefreshToken     string `json:"refresh_token,omitempty"`
	TokenType        string `json:"token_type"` // "Bearer", "DPoP" where the token is bound to a key, or "N_A" beside an ID token
	IDToken          string `json:"id_token,omitempty"`
	NotBefore        int64  `json:"not-before-policy"` // tokens issued before this time are refused
	Session          string `json:"session_state,omitempty"`
	Scope            string `json:"scope"`
	IssuedTokenType  string `json:"issued_token_type,omitempty"`

	// Whole is all that there is to the answer, where another issuer gave the token; nil elsewhere.
	Whole token.Object `json:"-"`

	// Other are the members that mappers add.
	Other token.Object `json:"-"`

	// Locale is the user's own (attribute "locale") where a password grant signed them in; it becomes
	// a cookie. Empty elsewhere.
	Locale string `json:"-"`
}
