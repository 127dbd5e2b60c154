package realm

import (
	"encoding/json"
	"strings"
	"time"
)

// Extra holds the members of a Keycloak representation that are kept but not acted on, by their
// JSON names. Decisions never read it; snapshots do not carry it.
type Extra map[string]json.RawMessage

// Realm is one version of a realm's configuration.
type Realm struct {
	Key     string // UUID
	Public  string // see ID
	Version int64  // grows with every change
	Settings

	clients   index[Client]
	scopes    index[ClientScope]
	roles     index[Role]
	rolesOf   layered[[]*Role]   // key of the client, or "" → its roles, ordered by name
	workloads layered[[]*Client] // subject at a provider → clients of MethodForeign, ordered by client_id
	providers index[Provider]
	keys      index[KeyProvider]
}

// Settings are the realm's own settings, without what it contains.
type Settings struct {
	Name             string
	Enabled          bool
	SSLRequired      string // "none", "external" or "all"
	SignatureAlg     string // JWS algorithm of tokens whose client names none
	NotBefore        int64  // Unix seconds; tokens issued before are refused
	FrontendURL      string // overrides the server's hostname in the issuer; may be empty
	ShortDeviceURL   string `json:",omitempty"` // that leads to where people type codes of devices, and is shown for it; may be empty
	Internationalize bool   // locales are chosen per user, and told by cookie
	DefaultLocale    string

	DefaultScopes  []string // keys of the client scopes that a new client gets as default
	OptionalScopes []string
	DefaultRole    string   // key of the role that every new user gets
	DefaultGroups  []string // keys

	LoginWithEmail  bool
	DuplicateEmails bool
	EmailAsUsername bool
	EditUsername    bool           // users may be renamed
	PasswordPolicy  string         // Keycloak's policy text, as "length(8) and hashIterations(5)"
	ACR             map[string]int // acr value → level of assurance
	BruteForce      bool           // failed sign-ins lock a user
	Lockout         Lockout

	SignIn    SignIn
	Lifespans Lifespans
	Events    EventSettings
	Log       LogSettings
	Exchange  ExchangePolicy
	Limits    Limits         `json:",omitzero"`
	DPoPNonce bool           `json:",omitempty"` // proofs must name a nonce of the server's (tokenhouse.dpop.nonce)
	Policies  []ClientPolicy `json:",omitempty"` // those that are on, in the order in which they are asked

	SMTPPassword    string `json:"-"` // sealed in the store
	SMTPTokenSecret string `json:"-"` // of the client that gets tokens for the mail server; sealed too
	Extra           Extra  `json:"-"`
}

// SignIn is what the sign-in pages of a realm offer.
type SignIn struct {
	Remember      bool // "remember me"
	Registration  bool // people may make themselves an account
	ResetPassword bool // those who forgot their password are helped
	VerifyEmail   bool // an e-mail address must be proven
}

// Lifespans are how long tokens and sessions live. Zero is "not set" where a client or an offline
// value falls back to another one.
type Lifespans struct {
	AccessToken         time.Duration
	AccessTokenImplicit time.Duration

	SessionIdle         time.Duration
	SessionMax          time.Duration
	SessionIdleRemember time.Duration // zero: SessionIdle
	SessionMaxRemember  time.Duration // zero: SessionMax
	ClientIdle          time.Duration // zero: SessionIdle
	ClientMax           time.Duration // zero: SessionMax
	OfflineIdle         time.Duration
	OfflineMax          time.Duration
	OfflineMaxEnabled   bool          // without it offline sessions end only by being idle
	ClientOfflineIdle   time.Duration // zero: OfflineIdle
	ClientOfflineMax    time.Duration // zero: OfflineMax

	RotateRefresh   bool // a refresh token works RefreshReuse+1 times
	RefreshReuse    int
	Code            time.Duration
	UserAction      time.Duration
	Login           time.Duration
	ActionByAdmin   time.Duration
	ActionByUser    time.Duration
	DeviceCode      time.Duration
	DevicePolling   time.Duration
	PushedRequest   time.Duration
	VerifyEmailLink time.Duration
}

// EventSettings say which events are kept in the database, and for how long.
type EventSettings struct {
	Enabled         bool
	Expiration      time.Duration // zero: kept for ever
	Kinds           []string      // saved event types; empty: all that Keycloak saves
	Admin           bool
	AdminDetails    bool          // admin events keep the representation
	AdminExpiration time.Duration // of admin events; zero: kept for ever
	Trace           string        // which events keep their trace: "refused", "all", "none"
}

// LogSettings say whether the decisions of the token endpoint are logged, and for how long.
type LogSettings struct {
	Mode       LogMode
	Expiration time.Duration // zero: kept for ever
}

// LogMode is how decisions are logged.
type LogMode string

// What tokenhouse.log may be.
const (
	LogOff     LogMode = "off"
	LogOn      LogMode = "on"      // a crash loses those of the last moments
	LogDurable LogMode = "durable" // no answer before its decision is on disk
)

// On tells whether decisions are logged.
func (l LogSettings) On() bool { return l.Mode == LogOn || l.Mode == LogDurable }

// ExchangePolicy are the realm's rules for token exchange (tokenhouse.exchange.*).
type ExchangePolicy struct {
	Downscope    bool
	ChainLimit   int // most exchanges in a row; 0 none, -1 no limit
	RefuseCycles bool
	CapLifetime  bool
	DenyUnlisted bool
}

// ID is what representations show as the realm's id: its key, but where it took the place of a realm that
// had the same id, whose key was still in use.
func (r *Realm) ID() string {
	if r.Public != "" {
		return r.Public
	}
	return r.Key
}

// Client finds a client by its client_id, or gives nil.
func (r *Realm) Client(id string) *Client { return r.clients.named(id) }

// ClientByKey finds a client by its UUID, or gives nil.
func (r *Realm) ClientByKey(key string) *Client { return r.clients.keyed(key) }

// Scope finds a client scope by its name, or gives nil.
func (r *Realm) Scope(name string) *ClientScope { return r.scopes.named(name) }

// ScopeByKey finds a client scope by its UUID, or gives nil.
func (r *Realm) ScopeByKey(key string) *ClientScope { return r.scopes.keyed(key) }

// Role finds a role by its name, or gives nil.
func (r *Realm) Role(ref RoleRef) *Role {
	if ref.Client == "" {
		return r.roles.named("\x00" + ref.Name)
	}
	c := r.Client(ref.Client)
	if c == nil {
		return nil
	}
	return r.roles.named(c.Key + "\x00" + ref.Name)
}

// RoleByKey finds a role by its UUID, or gives nil.
func (r *Realm) RoleByKey(key string) *Role { return r.roles.keyed(key) }

// Provider finds an identity provider by its alias, or gives nil.
func (r *Realm) Provider(alias string) *Provider { return r.providers.named(alias) }

// Clients, Scopes, Roles, Providers and Keys are everything of a kind, ordered by name.
func (r *Realm) Clients() []*Client            { return r.clients.sorted() }
func (r *Realm) Scopes() []*ClientScope        { return r.scopes.sorted() }
func (r *Realm) Roles() []*Role                { return r.roles.sorted() }
func (r *Realm) Providers() []*Provider        { return r.providers.sorted() }
func (r *Realm) Keys() []*KeyProvider          { return r.keys.sorted() }
func (r *Realm) KeyBy(key string) *KeyProvider { return r.keys.keyed(key) }

// RolesOf are the roles of a client, by its key, ordered by name; the realm's own for "". The slice is
// shared and must not be changed.
func (r *Realm) RolesOf(clientKey string) []*Role { return r.rolesOf.get(clientKey) }

// Ref is the name of a role as people and tokens use it.
func (r *Realm) Ref(role *Role) RoleRef {
	if role.Client == "" {
		return RoleRef{Name: role.Name}
	}
	ref := RoleRef{Client: role.Client, Name: role.Name}
	if c := r.ClientByKey(role.Client); c != nil {
		ref.Client = c.ID
	}
	return ref
}

// Issuer is the realm's issuer URL, for a server that callers reach at base, as
// "https://id.example/auth". FrontendURL, where set, takes base's place.
func (r *Realm) Issuer(base string) string {
	return r.Base(base) + "/realms/" + r.Name
}

// Base is the server's URL as callers of the realm know it, without a slash at the end: base, or what the realm says.
func (r *Realm) Base(base string) string {
	if r.FrontendURL != "" {
		base = r.FrontendURL
	}
	return strings.TrimSuffix(base, "/")
}
