package oauth

// GrantType is the value of the parameter "grant_type".
type GrantType string

const (
	AuthorizationCode GrantType = "authorization_code"                              // RFC 6749 §4.1
	ClientCredentials GrantType = "client_credentials"                              // RFC 6749 §4.4
	Password          GrantType = "password"                                        // RFC 6749 §4.3
	RefreshToken      GrantType = "refresh_token"                                   // RFC 6749 §6
	TokenExchange     GrantType = "urn:ietf:params:oauth:grant-type:token-exchange" // RFC 8693 §2.1
	JWTBearer         GrantType = "urn:ietf:params:oauth:grant-type:jwt-bearer"     // RFC 7523 §2.1
)

// TokenType is a token type identifier of RFC 8693 §3.
type TokenType string

const (
	TypeAccessToken  TokenType = "urn:ietf:params:oauth:token-type:access_token"
	TypeRefreshToken TokenType = "urn:ietf:params:oauth:token-type:refresh_token"
	TypeIDToken      TokenType = "urn:ietf:params:oauth:token-type:id_token"
	TypeJWT          TokenType = "urn:ietf:params:oauth:token-type:jwt"
	TypeSAML2        TokenType = "urn:ietf:params:oauth:token-type:saml2"
	TypeIdentity     TokenType = "urn:ietf:params:oauth:token-type:id-jag"
)

// HeaderIdentity is the header "typ" of identity assertion JWTs (draft-ietf-oauth-identity-assertion-authz-grant §4.3). It
// has one spelling, as in Keycloak.
const HeaderIdentity = "oauth-id-jag+jwt"

// JWTBearerAssertion is the client_assertion_type of RFC 7523 §2.2.
const JWTBearerAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// SPIFFEAssertion is the client_assertion_type of JWT-SVIDs (draft-ietf-oauth-spiffe-client-auth §3).
const SPIFFEAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-spiffe"

// ScopeOpenID asks for an ID token (OpenID Connect Core §3.1.2.1), ScopeOffline for a refresh
// token that outlives the session (§11).
const (
	ScopeOpenID  = "openid"
	ScopeOffline = "offline_access"
)

// Resource is the parameter that says what tokens are to be for (RFC 8707 §2).
const Resource = "resource"
