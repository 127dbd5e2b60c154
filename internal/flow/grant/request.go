package grant

import "github.com/tokenhouse/tokenhouse/internal/flow/verify"

// Call is what every request to the token endpoint brings, whichever grant it asks for. A parameter
// that may be absent is a pointer: absent and empty are answered differently.
type Call struct {
	Realm       string // its name
	Base        string // the server's URL as the caller reaches it, as "https://id.example/auth"
	Address     string // the caller's
	Origin      string // header Origin, which browsers send; empty elsewhere
	Agent       string // header User-Agent
	Credentials verify.Credentials
	Sent        verify.Sent // proof that the caller has a key, which the tokens are bound to
	Repeated    bool        // a parameter that may come once came more often (RFC 6749 §3.2)
	Scope       *string     // parameter "scope"
	Resource    *string     // parameter "resource" (RFC 8707); an exchange has Resources
}

// ClientCredentialsRequest asks for a token for the client itself (RFC 6749 §4.4).
type ClientCredentialsRequest struct{ Call }

// PasswordRequest asks for tokens by a user's name and password (RFC 6749 §4.3).
type PasswordRequest struct {
	Call
	Username *string
	Password string
	OTP      string // parameter "totp": the one-time code, of users who have one
}

// CodeRequest asks for tokens by an authorization code (RFC 6749 §4.1.3).
type CodeRequest struct {
	Call
	Code        *string
	RedirectURI string
	Verifier    string // parameter "code_verifier" (RFC 7636 §4.5)
}

// RefreshRequest asks for new tokens by a refresh token (RFC 6749 §6).
type RefreshRequest struct {
	Call
	RefreshToken *string
}

// ExchangeRequest asks for a token in exchange for another (RFC 8693 §2.1).
type ExchangeRequest struct {
	Call
	SubjectToken       *string
	SubjectTokenType   *string
	RequestedTokenType *string
	Audiences          []string // parameter "audience", each time it came

	ActorToken       *string // of who acts for the subject
	ActorTokenType   *string
	RequestedSubject *string // username or id of whom the subject asks to be taken for

	Resources []string // parameter "resource", each time it came

	// What only the legacy exchange of Keycloak knows.
	RequestedIssuer *string
	SubjectIssuer   *string
}
