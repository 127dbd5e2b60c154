package authorize

import (
	"context"
	"net/netip"
	"net/url"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Authorizer runs authorization requests. All fields but the lists are required. It is safe for concurrent use.
type Authorizer struct {
	Realms    Realms
	Users     Users
	Sessions  Sessions
	Logins    Logins
	Codes     Codes
	Pushes    Pushes
	Requests  Requests
	Clients   Clients
	Tokens    Tokens
	Duties    Duties
	Passwords Passwords
	Lockouts  Lockouts
	Keys      Keys
	Events    Events
	Plans     Plans
	Policies  Policies
	Now       func() time.Time
	NewID     func() string // a UUID, unguessable
	NewToken  func() string // 24 characters of base64url, unguessable

	Factors   []Action   // beside the password; the realm's plan has their order
	Passkeys  Passkeys   // in the place of name and password; nil: there are none
	Actions   []Action   // required actions; the realm's list has their order
	Order     Order      // of Actions, as the realm has them; nil: as they are here
	Consent   Action     // nil: clients that need consent are refused
	Entrances []Entrance // other ways in than the password
	Links     Links      // from letters; nil: there are none
	Devices   Devices    // nil: no device can be signed in
	Providers Providers  // nil: the sign-in page offers none
	Origins   Origins    // nil: nobody comes from elsewhere
}

// Realms are the realms' configuration.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Users are people. Who is not there is fault.ErrNotFound.
type Users interface {
	Credentials(ctx context.Context, realmKey, userID string) ([]user.Credential, error)
	User(ctx context.Context, realmKey, id string) (*user.User, error)
	UserByName(ctx context.Context, realmKey, username string) (*user.User, error)
	UserByEmail(ctx context.Context, realmKey, email string) (*user.User, error)
}

// Sessions are who is signed in. What is not there is fault.ErrNotFound.
type Sessions interface {
	Session(ctx context.Context, realmKey, id string, offline bool) (*session.Session, error)
	StartSession(ctx context.Context, realmKey string, s session.Session, g session.Grant) error
	RenewSession(ctx context.Context, realmKey string, s session.Session) error
	Parts
}

// Parts are what clients hold in sessions.
type Parts interface {
	Grant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) (*session.Grant, error)
	// AddGrant is fault.ErrStale where the client has a part already.
	AddGrant(ctx context.Context, realmKey string, g session.Grant) error
	// Refresh replaces prev, and is fault.ErrStale where prev is not what is stored any more.
	Refresh(ctx context.Context, realmKey string, prev, next session.Grant) error
}

// Codes are authorization codes.
type Codes interface {
	AddCode(ctx context.Context, realmKey, code string, c session.Code) error
}

// Clients prove who a client is. It is a *verify.Verifier.
type Clients interface {
	Client(ctx context.Context, at verify.At, c verify.Credentials) (verify.ClientAuth, error)
	Proof(ctx context.Context, at verify.At, q verify.Sent) (*proof.Proof, error)
}

// Tokens gives out the tokens of the implicit and hybrid flows. It is a *grant.Issuer.
type Tokens interface {
	Front(ctx context.Context, q grant.FrontRequest) (*grant.FrontResponse, error)
}

// Duties tell whether a user has something to do before they may sign in. It is a *people.Rulebook. It is asked
// last: what no Action can do keeps a user out.
type Duties interface {
	Pending(ctx context.Context, r *realm.Realm, a user.Attempt) (bool, error)
}

// Order are the aliases of a realm's required actions that are switched on, in the realm's order.
type Order interface {
	Order(ctx context.Context, r *realm.Realm) ([]string, error)
	// MaxAge is how old a sign-in may be for an application to start an action; nil: any.
	MaxAge(ctx context.Context, r *realm.Realm, alias string) (*time.Duration, error)
}

// Devices wait for the answer of a device authorization.
type Devices interface {
	// Approve lets the device that an attempt is for have tokens of a session. late tells that the device does not
	// wait any more.
	Approve(ctx context.Context, t *Turn, s session.Session) (late bool, err error)
	// Deny says that it gets none.
	Deny(ctx context.Context, t *Turn) error
}

// Providers are the identity providers that a sign-in page offers, and where one is gone to.
type Providers interface {
	Offered(ctx context.Context, t *Turn) ([]page.Provider, error)
	// Preferred is where the browser goes instead of being asked for a password: to the provider that the request
	// names, or that the realm does; empty: it stays.
	Preferred(ctx context.Context, t *Turn) (redirect string, err error)
}

// Logins are sign-ins that have begun. What is not there, or expired, is fault.ErrNotFound.
type Logins interface {
	Login(ctx context.Context, realmKey, id string) (*login.Browser, error)
	// SaveLogin keeps b until a time; fault.ErrStale where another request changed it since it was read.
	SaveLogin(ctx context.Context, realmKey string, b *login.Browser, until time.Time) error
}

// Passwords checks passwords. With a nil user it takes as long as with another and says false.
type Passwords interface {
	Check(ctx context.Context, at verify.At, u *user.User, password string) (bool, error)
}

// Lockouts lock users whose sign-ins fail too often. It is a *limit.Lockouts.
type Lockouts interface {
	Locked(ctx context.Context, r *realm.Realm, u *user.User, now time.Time) (user.Lock, error)
	Failed(ctx context.Context, r *realm.Realm, u *user.User, now time.Time, address string) error
	Succeeded(ctx context.Context, r *realm.Realm, u *user.User) error
}

// Keys sign and verify tokens of the realm itself.
type Keys interface {
	Sign(ctx context.Context, r *realm.Realm, alg, typ string, c *token.Claims) (string, error)
	Verify(r *realm.Realm, compact string) (token.Verified, error)
}

// Events keeps what happened.
type Events interface {
	Record(ctx context.Context, e event.Event)
}

// Call is what every request of a browser brings.
type Call struct {
	Realm   string // its name
	Base    string // the server's URL as the caller reaches it
	Address string // the caller's
	Agent   string // header User-Agent
	Secure  bool   // the caller came by TLS
	Cookies Cookies
	Locale  string // language that the caller prefers (Accept-Language); may be empty
}

// address is the caller's, invalid where it is not known.
func (c *Call) address() netip.Addr {
	a, _ := netip.ParseAddr(c.Address)
	return a
}

// BeginRequest is a request to the authorization endpoint, or to one that begins elsewhere than with the password.
type BeginRequest struct {
	Call
	Path       login.Path // where the attempt begins; empty: login.Authenticate
	Parameters []Field    // in their order
}

// ContinueRequest is a link or a form of a page: what follows login-actions in its address.
type ContinueRequest struct {
	Call
	Path  login.Path
	Query url.Values
	Form  url.Values // nil: the page is asked for
}
