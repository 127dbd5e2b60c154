package federation

import (
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Method is how this server proves itself at the token endpoint of a provider. Keycloak: clientAuthMethod.
type Method string

const (
	MethodPost       Method = "client_secret_post"
	MethodBasic      Method = "client_secret_basic"           // name and secret form-encoded, RFC 6749 §2.3.1
	MethodBasicPlain Method = "client_secret_basic_unencoded" // name and secret as they stand
	MethodSecretJWT  Method = "client_secret_jwt"             // RFC 7523 §2.2, MAC by the secret
	MethodPrivateJWT Method = "private_key_jwt"               // the same, signed by a key of the realm
)

// Settings are the configuration of a provider, read: with its kind's presets and defaults.
type Settings struct {
	Alias  string
	Kind   string // Keycloak's providerId
	preset *preset

	// The provider and its endpoints. Empty where it has none.
	Issuers               []string // any of them; empty: not checked
	AuthorizationEndpoint string
	TokenEndpoint         string
	UserInfoEndpoint      string
	EmailsEndpoint        string // GitHub's list of e-mail addresses
	LogoutEndpoint        string

	// This server as the provider's client.
	ClientID     string
	ClientSecret string
	Method       Method
	AssertionAlg string // of client assertions; empty: RS256 or HS256
	AssertionAud string // audience of client assertions; empty: the token endpoint

	// The provider's signatures.
	ValidateSignature bool
	JWKSURL           string // where keys are fetched from; empty: Key
	Key               string // PEM or base64, or a JWKS: keys that do not change
	KeyID             string // that of Key; empty: any

	Sync Sync // of mappers that inherit

	IDTokenHintOnLogout, ClientIDOnLogout bool
	BackchannelLogout                     bool // the provider may sign people out here
	TrustEmail                            bool
	StoreToken                            bool
	AddReadTokenRole                      bool // who signs in for the first time gets role read-token of client broker
	LinkOnly                              bool // the provider is for known users, who link it themselves
	HideOnLogin                           bool
	Transient                             bool   // Keycloak: doNotStoreUsers
	CaseSensitiveUsername                 bool   // the name at the provider is kept as it is written
	FirstLoginFlow                        string // alias; empty: the realm's
	PostLoginFlow                         string // alias; empty: none
	PassPromptNone                        bool   // Keycloak: acceptsPromptNoneForwardFromClient

	Skew time.Duration // of the provider's clock

	config map[string]string
}

// Read reads the configuration of a provider. ok is false where its kind is not one that people can sign
// in by here; whether what it says is enough to work with is seen by who uses it.
func Read(p *realm.Provider) (s Settings, ok bool) { return Settings{}, false }

// FetchesProfile tells whether the person's profile has to be fetched with the access token: the ID token
// then does not say all.
func (s *Settings) FetchesProfile() bool { return false }

// NeedsIDToken tells whether an answer of the token endpoint without an ID token is refused.
func (s *Settings) NeedsIDToken() bool { return false }

// UsesPKCE tells whether authorization requests carry a challenge (RFC 7636), and of which method: "S256"
// or "plain". Empty: none.
func (s *Settings) UsesPKCE() string { return "" }

// UsesNonce tells whether authorization requests carry a nonce, which the ID token must repeat.
func (s *Settings) UsesNonce() bool { return false }
