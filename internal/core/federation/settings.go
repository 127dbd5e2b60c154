package federation

import (
	"cmp"
	"maps"
	"slices"
	"strings"
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

// KeyPlace is what a provider publishes its keys in.
type KeyPlace int

const (
	InKeySet   KeyPlace = iota // the JWKSURL has a JSON Web Key Set
	InMetadata                 // the JWKSURL is the issuer, whose metadata says where its key set is
	InBundle                   // the JWKSURL has a SPIFFE bundle
)

// Settings are the configuration of a provider, read: with its kind's preset and defaults.
type Settings struct {
	Alias string
	Kind  string // Keycloak's providerId

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
	Scope        string // what is asked for

	// The provider's signatures.
	ValidateSignature bool
	JWKSURL           string // where keys are fetched from; empty: Key
	KeysAt            KeyPlace
	Key               string // PEM, base64 or a JWKS: keys that do not change
	KeyID             string // that of Key; empty: any
	AccessTokenJWT    bool   // access tokens are JWTs, verified and shown to mappers
	Skew              time.Duration

	Sync                Sync // of mappers that inherit; never SyncInherit
	TrustEmail          bool
	StoreToken          bool
	AddReadTokenRole    bool // who signs in for the first time gets role read-token of client broker
	LinkOnly            bool // the provider is for known users, who link it themselves
	HideOnLogin         bool
	Transient           bool   // users are not kept. Keycloak: doNotStoreUsers
	CaseSensitiveName   bool   // the name at the provider is kept as it is written
	FirstLoginFlow      string // alias; empty: the realm's
	PostLoginFlow       string // alias; empty: none
	PassPromptNone      bool   // prompt=none is for the provider to answer
	BackchannelLogout   bool   // people are signed out there without their browser
	IDTokenHintOnLogout bool
	ClientIDOnLogout    bool

	members     members
	openID      bool
	foreignMail bool // e-mail addresses at the provider prove nothing
	config      map[string]string
}

// Read reads the configuration of a provider. ok is false where its kind is not one that people can sign
// in by here; whether what it says is enough to work with is seen by who uses it.
func Read(p *realm.Provider) (s Settings, ok bool) {
	k := presets[p.Kind]
	if k == nil || k.mute {
		return Settings{}, false
	}
	return read(p, k), true
}

// ReadIssuer reads the configuration of a provider as that of somebody whose tokens others hand in. ok is false where
// its kind is not acted on at all. Whether the provider is switched on, and what its tokens are good for, is for the
// caller to ask.
func ReadIssuer(p *realm.Provider) (s Settings, ok bool) {
	k := presets[p.Kind]
	if k == nil {
		return Settings{}, false
	}
	return read(p, k), true
}

func read(p *realm.Provider, k *preset) (s Settings) {
	s = Settings{Alias: p.Alias, Kind: p.Kind, config: p.Config, members: k.members, openID: k.openID,
		ClientID: p.Config["clientId"], ClientSecret: p.ClientSecret,
		Method:       Method(cmp.Or(p.Config["clientAuthMethod"], string(MethodPost))),
		AssertionAlg: p.Config["clientAssertionSigningAlg"], AssertionAud: p.Config["clientAssertionAudience"],
		TrustEmail: p.TrustEmail, StoreToken: p.StoreToken, AddReadTokenRole: p.AddReadTokenRole, LinkOnly: p.LinkOnly,
		FirstLoginFlow: p.FirstLoginFlow, PostLoginFlow: p.PostLoginFlow,
		Sync: syncOf(p.Config["syncMode"], SyncLegacy).within(SyncImport)}
	s.HideOnLogin = p.HideOnLogin || s.on("hideOnLoginPage")
	s.Transient, s.CaseSensitiveName = s.on("doNotStoreUsers"), s.on("caseSensitiveOriginalUsername")
	s.PassPromptNone, s.BackchannelLogout = s.on("acceptsPromptNoneForwardFromClient"), s.on("backchannelSupported")
	s.IDTokenHintOnLogout, s.ClientIDOnLogout = p.Config["sendIdTokenOnLogout"] != "false", s.on("sendClientIdOnLogout")
	s.AccessTokenJWT = s.on("isAccessTokenJWT")
	s.Skew = seconds(p.Config[settingSkew], MaxSkew)
	s.readEndpoints(k)
	s.readScope(k)
	if k.adapt != nil {
		k.adapt(&s)
	}
	return s
}

// readEndpoints takes the endpoints, the issuer and where its keys are: of the preset where that knows
// them, or else of the settings.
func (s *Settings) readEndpoints(k *preset) {
	if k.fixed {
		s.AuthorizationEndpoint, s.TokenEndpoint, s.UserInfoEndpoint, s.EmailsEndpoint = k.authorization, k.token, k.userInfo, k.emails
		s.Issuers, s.JWKSURL, s.ValidateSignature = k.issuers, k.jwks, true
		if k.openID && s.on("disableUserInfo") {
			s.UserInfoEndpoint = ""
		}
		return
	}
	s.AuthorizationEndpoint, s.TokenEndpoint, s.LogoutEndpoint = s.config["authorizationUrl"], s.config["tokenUrl"], s.config["logoutUrl"]
	if !s.on("disableUserInfo") {
		s.UserInfoEndpoint = s.config["userInfoUrl"]
	}
	for issuer := range strings.SplitSeq(s.config["issuer"], ",") {
		if issuer = strings.TrimSpace(issuer); issuer != "" {
			s.Issuers = append(s.Issuers, issuer)
		}
	}
	s.ValidateSignature = s.on("validateSignature")
	if s.on("useJwksUrl") {
		s.JWKSURL = s.config["jwksUrl"]
	} else {
		s.Key, s.KeyID = s.config["publicKeySignatureVerifier"], s.config["publicKeySignatureVerifierKeyId"]
	}
}

// MaxSkew is how wrong a clock may be: more is no skew but tokens that do not expire.
const MaxSkew = time.Hour

// readScope sees to it that OpenID Connect is asked for where the kind speaks it.
func (s *Settings) readScope(k *preset) {
	s.Scope = strings.Join(strings.Fields(cmp.Or(strings.TrimSpace(s.config["defaultScope"]), k.scope)), " ")
	if k.openID && !slices.Contains(strings.Fields(s.Scope), "openid") {
		s.Scope = strings.TrimSpace("openid " + s.Scope)
	}
}

// on tells whether a setting is the text "true".
func (s *Settings) on(setting string) bool { return s.config[setting] == "true" }

// Kinds are the kinds of provider that people can sign in by, sorted.
func Kinds() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(presets)), func(kind string) bool { return presets[kind].mute })
}

// Known tells whether a kind of provider is acted on at all.
func Known(kind string) bool { return presets[kind] != nil || KnowsWorkloads(kind) }

// FetchesProfile tells whether the person's profile is to be fetched with the access token.
func (s *Settings) FetchesProfile() bool { return s.UserInfoEndpoint != "" }

// ReadsIDToken tells whether an ID token is looked at where there is one; it then has to be verified.
func (s *Settings) ReadsIDToken() bool {
	return s.openID || s.JWKSURL != "" && slices.Contains(strings.Fields(s.Scope), "openid")
}

// NeedsIDToken tells whether an answer of the token endpoint without an ID token is refused.
func (s *Settings) NeedsIDToken() bool { return s.openID }

// UsesPKCE tells whether authorization requests carry a challenge (RFC 7636), and of which method: "S256"
// or "plain". Empty: none.
func (s *Settings) UsesPKCE() string {
	if !s.on("pkceEnabled") {
		return ""
	}
	if s.config["pkceMethod"] == "plain" {
		return "plain"
	}
	return "S256"
}

// UsesNonce tells whether authorization requests carry a nonce, which the ID token must repeat.
func (s *Settings) UsesNonce() bool { return s.openID && !s.on("disableNonce") }
