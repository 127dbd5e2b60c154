package realm

import (
	"slices"
	"time"
)

// Client is an application or a resource server. Keycloak: client.
type Client struct {
	Key      string // UUID; Keycloak's "id"
	ID       string // the OAuth client_id; Keycloak's "clientId"
	Protocol string // "openid-connect", or "saml", which is kept and not acted on
	Enabled  bool

	Public          bool          // no credentials
	BearerOnly      bool          // only receives tokens
	Authenticator   string        // "client-secret", "client-secret-jwt", "client-jwt", MethodForeign, …
	AuthAlg         string        // the only JWS algorithm of assertions; any where empty
	AuthMaxExp      time.Duration // longest life of an assertion; zero: no limit of its own
	AuthProvider    string        `json:",omitempty"` // of MethodForeign: alias of the provider whose tokens prove the client
	AuthSubject     string        `json:",omitempty"` // likewise: who the client is there, claim sub
	JWKS            string        // JSON Web Key Set, where UseJWKS
	JWKSURL         string        // where UseJWKSURL
	UseJWKS         bool
	UseJWKSURL      bool
	Certificate     string // base64 DER; the key of client-jwt where no JWKS is used
	CertificateKid  string
	SubjectDN       string    `json:",omitempty"` // x509.subjectdn: whose certificate proves the client; empty: nobody's
	SubjectExact    bool      `json:",omitempty"` // that is a name, and no regular expression: x509.allow.regex.pattern.comparison=false
	Secret          string    `json:"-"`          // sealed in the store
	SecretMethod    string    `json:",omitempty"` // the only way to send the secret: client_secret_basic or client_secret_post; empty: either
	RotatedSecret   string    `json:"-"`          // the one before, valid until RotatedUntil
	RotatedUntil    time.Time `json:",omitzero"`
	StandardFlow    bool
	ImplicitFlow    bool
	DirectAccess    bool // password grant
	ServiceAccounts bool // client credentials grant
	ConsentRequired bool
	FullScope       bool         // the client may carry every role of the user
	Logout          ClientLogout `json:",omitzero"`

	RootURL      string
	BaseURL      string
	AdminURL     string // where the client is told of revocations
	Registration string `json:",omitempty"` // jti of the token by which it may change itself; empty: none
	RedirectURIs []string
	WebOrigins   []string
	NotBefore    int64 // Unix seconds

	DefaultScopes  []string // keys of client scopes
	OptionalScopes []string
	ScopeMappings  []string // keys of roles that it may carry without FullScope
	Mappers        []Mapper

	Tokens      ClientTokens
	Exchange    ClientExchange
	SignIn      ClientSignIn `json:",omitzero"`
	Device      ClientDevice `json:",omitzero"`
	Resource    []string     `json:",omitempty"` // tokenhouse.resources: resource URIs (RFC 8707)
	ResourceURL string       `json:",omitempty"` // resource_url: one more, as Keycloak has it

	Assertions ClientAssertions `json:",omitzero"`

	Extra Extra `json:"-"`
}

// ClientTokens are how a client's tokens differ from the realm's.
type ClientTokens struct {
	AccessAlg           string   `json:",omitempty"` // JWS algorithms; the realm's where empty
	IDAlg               string   `json:",omitempty"`
	UserInfoAlg         string   `json:",omitempty"` // unsigned userinfo where empty
	Lifespan            Override `json:",omitzero"`  // of access tokens
	SessionIdle         Override `json:",omitzero"`
	SessionMax          Override `json:",omitzero"`
	OfflineIdle         Override `json:",omitzero"`
	OfflineMax          Override `json:",omitzero"`
	NoRefresh           bool     `json:",omitempty"` // use.refresh.tokens=false
	ServiceRefresh      bool     `json:",omitempty"` // client_credentials.use_refresh_token
	Lightweight         bool     `json:",omitempty"` // client.use.lightweight.access.token.enabled
	LowerCaseBearer     bool     `json:",omitempty"` // token.response.type.bearer.lower-case
	HeaderATJWT         bool     `json:",omitempty"` // typ "at+jwt" (RFC 9068)
	IntrospectAnyone    bool     `json:",omitempty"` // allow.token.introspection.without.audience.check
	UserInfoLightweight bool     `json:",omitempty"` // allow.userinfo.with.lightweight.access.token
	IntrospectJWT       bool     `json:",omitempty"` // introspection may be answered as JWT
	BindDPoP            bool     `json:",omitempty"` // dpop.bound.access.tokens
	BindTLS             bool     `json:",omitempty"` // tls.client.certificate.bound.access.tokens
}

// Bound tells whether the client wants no access token but such as are bound to a key.
func (t *ClientTokens) Bound() bool { return t.BindDPoP || t.BindTLS }

// ClientSignIn is what a client's authorization requests must be like, and how they are answered.
type ClientSignIn struct {
	PKCE            string         `json:",omitempty"` // the only code_challenge_method, and one must come; empty: any or none
	RequirePushed   bool           `json:",omitempty"` // require.pushed.authorization.requests
	RequestAlg      string         `json:",omitempty"` // request.object.signature.alg; empty or "any": any
	RequestRequired string         `json:",omitempty"` // request.object.required: "request only" and the like
	ResponseAlg     string         `json:",omitempty"` // authorization.signed.response.alg; the realm's where empty
	ACR             map[string]int `json:",omitempty"` // acr value → level of assurance; the realm's where empty
	DefaultACR      []string       `json:",omitempty"` // acr values asked for where a request asks for none
	AlwaysShown     bool           `json:",omitempty"` // alwaysDisplayInConsole: people see it among their applications before they used it
	LeastACR        string         `json:",omitempty"` // minimum.acr.value: levels below this one's are not asked for; empty: any
}

// ClientDevice is how a client's devices without a browser sign in (RFC 8628).
type ClientDevice struct {
	Enabled bool     `json:",omitempty"` // oauth2.device.authorization.grant.enabled
	Life    Override `json:",omitzero"`  // of a device code
	Polling Override `json:",omitzero"`  // pause between two polls
}

// Override is a client's own value for a lifespan. Unset falls back to the realm; set and negative
// means "as long as the session may live".
type Override struct {
	Set   bool
	Value time.Duration
}

// ClientExchange are a client's settings for token exchange.
type ClientExchange struct {
	Enabled   bool      `json:",omitempty"` // standard.token.exchange.enabled
	Refresh   bool      `json:",omitempty"` // enableRefreshRequestedTokenType is SAME_SESSION
	Public    bool      `json:",omitempty"` // tokenhouse.exchange.public
	External  bool      `json:",omitempty"` // tokenhouse.exchange.external
	Permitted *[]string `json:",omitempty"` // tokenhouse.exchange.permitted; nil: any, empty: none
	Accepts   *[]string `json:",omitempty"` // tokenhouse.exchange.accepts; likewise
	Issuers   []string  `json:",omitempty"` // tokenhouse.exchange.issuers
}

// ClientAssertions are whose assertions a client may redeem for tokens (RFC 7523 §2.1), and for whom it may have
// identity assertions made.
type ClientAssertions struct {
	Enabled   bool     `json:",omitempty"` // oauth2.jwt.authorization.grant.enabled
	Providers []string `json:",omitempty"` // oauth2.jwt.authorization.grant.idp: aliases

	Issue     bool     `json:",omitempty"` // id.jag.issuance.enabled
	Audiences []string `json:",omitempty"` // id.jag.allowed.audiences: issuers of authorization servers
	Scopes    []string `json:",omitempty"` // id.jag.allowed.scopes: of theirs
	ClientID  string   `json:",omitempty"` // id.jag.client.id: how it is known there; its own client_id where empty
}

// ClientLogout is how a client is told that a session ended.
type ClientLogout struct {
	FrontChannel       bool     `json:",omitempty"`
	FrontChannelURL    string   `json:",omitempty"`
	FrontChannelPlain  bool     `json:",omitempty"` // that address is not told the session: frontchannel.logout.session.required=false
	BackChannelURL     string   `json:",omitempty"`
	BackChannelSession bool     `json:",omitempty"` // the logout token names the session
	BackChannelOffline bool     `json:",omitempty"` // offline sessions are revoked too
	RedirectURIs       []string `json:",omitempty"` // post.logout.redirect.uris
}

// OIDC tells whether the client speaks OpenID Connect.
func (c *Client) OIDC() bool { return c.Protocol == "" || c.Protocol == "openid-connect" }

// Heard tells whether the token endpoint hears the client, once it has proven who it is.
func (c *Client) Heard() bool { return c.Enabled && c.OIDC() && !c.BearerOnly }

// Entry tells whether tokens come to be at the client without an exchange: people sign in at it, it signs in itself, or it
// redeems assertions of others.
func (c *Client) Entry() bool {
	return c.Heard() &&
		(c.StandardFlow || c.ImplicitFlow || c.DirectAccess || c.Device.Enabled || (c.ServiceAccounts || c.Assertions.Enabled) && !c.Public)
}

// MayExchangeTo tells whether the client's list of permitted audiences, if it has one, names target.
func (c *Client) MayExchangeTo(target string) bool {
	return c.Exchange.Permitted == nil || slices.Contains(*c.Exchange.Permitted, target)
}

// AcceptsFrom tells whether the client's list of accepted requesters, if it has one, names requester.
func (c *Client) AcceptsFrom(requester string) bool {
	return c.Exchange.Accepts == nil || slices.Contains(*c.Exchange.Accepts, requester)
}

func (c *Client) key() string  { return c.Key }
func (c *Client) name() string { return c.ID }
