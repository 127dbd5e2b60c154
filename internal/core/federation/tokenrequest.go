package federation

import (
	"net/url"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// TokenRequest is a request to a provider's token endpoint.
type TokenRequest struct {
	URL            string
	Form           url.Values
	User, Password string // of HTTP Basic; both empty: none. Already encoded
}

// CodeRequest redeems an authorization code; verifier is that of PKCE, empty where none was used. It is
// sent after Authenticate.
func (s *Settings) CodeRequest(code, redirectURI, verifier string) TokenRequest {
	return TokenRequest{}
}

// RefreshRequest asks for new tokens by a refresh token. It is sent after Authenticate.
func (s *Settings) RefreshRequest(refreshToken string) TokenRequest { return TokenRequest{} }

// Proof is what proves this server to a provider.
type Proof struct {
	ID     string // jti of an assertion
	Now    time.Time
	Issuer string // of the realm, for assertions to providers that want it
	// Sign signs an assertion by the realm's key of this algorithm. Only MethodPrivateJWT calls it.
	Sign func(alg string, claims *token.Claims) (string, error)
}

// Authenticate adds what proves this server, by the method that the provider is configured for.
func (s *Settings) Authenticate(q TokenRequest, by Proof) (TokenRequest, error) { return q, nil }

// Tokens are the answer of a token endpoint (RFC 6749 §5.1).
type Tokens struct {
	AccessToken  string
	TokenType    string
	RefreshToken string
	IDToken      string
	Scope        string
	ExpiresIn    int64  // seconds; zero: not told
	Raw          string // the answer as it came, for who keeps it
}

// ReadTokens reads the answer of a token endpoint: JSON, or a form as GitHub's. It is an error where it
// holds no access token, and a *Refusal where the provider says why.
func ReadTokens(body []byte) (Tokens, error) { return Tokens{}, nil }

// Refusal is what a provider says of a request that it does not grant (RFC 6749 §5.2).
type Refusal struct {
	Code        string
	Description string // the provider's words: for the log, not for people
}

func (r *Refusal) Error() string { return "the provider refused: " + r.Code }

// LogoutURL is where a browser is sent to sign out at the provider; empty where it has no such address.
// idToken is the one of the sign-in.
func (s *Settings) LogoutURL(idToken, state, redirectURI string) string { return "" }
