package grant

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Issuer redeems grants. All fields are required. It is safe for concurrent use.
type Issuer struct {
	Realms    Realms
	Users     Users
	Sessions  Sessions
	Codes     Codes
	Devices   Devices
	Verifier  Verifier
	Abroad    Abroad
	Passwords Passwords
	Lockouts  Lockouts
	Duties    Duties
	Once      Once
	Counters  Counters
	Marks     Marks
	Keys      Keys

	Foreigners Foreigners
	Policies   Policies
	Limits     Limits
	Events     Events
	Now        func() time.Time
	NewID      func() string // unique and unguessable
}

// Realms are the realms' configuration.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Users are people and service accounts. Who is not there is fault.ErrNotFound.
type Users interface {
	User(ctx context.Context, realmKey, id string) (*user.User, error)
	UserByName(ctx context.Context, realmKey, username string) (*user.User, error)
	UserByEmail(ctx context.Context, realmKey, email string) (*user.User, error)
	ServiceAccount(ctx context.Context, realmKey, clientKey string) (*user.User, error)
	Credentials(ctx context.Context, realmKey, userID string) ([]user.Credential, error)
}

// Sessions are who is signed in. What is not there is fault.ErrNotFound.
type Sessions interface {
	Parts
	StartSession(ctx context.Context, realmKey string, s session.Session, g session.Grant) error
	StartSessionFrom(ctx context.Context, realmKey string, s session.Session, g session.Grant, o session.Origin) error
	EndGrant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool, at time.Time) (sessionEnded bool, err error)
}

// Codes are authorization codes, and the sessions behind them.
type Codes interface {
	// TakeCode is fault.ErrStale, and gives the code all the same, where somebody was first.
	TakeCode(ctx context.Context, realmKey, code string) (session.Code, error)
	Session(ctx context.Context, realmKey, id string, offline bool) (*session.Session, error)
}

// Parts are what clients hold in sessions.
type Parts interface {
	Grant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) (*session.Grant, error)
	// AddGrant is fault.ErrStale where the client has a part already.
	AddGrant(ctx context.Context, realmKey string, g session.Grant) error
	// Refresh replaces prev, and is fault.ErrStale where prev is not what is stored any more.
	Refresh(ctx context.Context, realmKey string, prev, next session.Grant) error
	// DropGrant leaves the session, where EndGrant ends it with the last part. Both take back what the client got until
	// then, with all that was exchanged from it; UndoGrant does not.
	DropGrant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool, at time.Time) error
	UndoGrant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) error
}

// Verifier proves callers and what they hold. It is a *verify.Verifier.
type Verifier interface {
	Client(ctx context.Context, at verify.At, c verify.Credentials) (verify.ClientAuth, error)
	Proof(ctx context.Context, at verify.At, q verify.Sent) (*proof.Proof, error)
	Subject(ctx context.Context, at verify.At, compact string) (verify.Held, error)
	StillSubject(ctx context.Context, at verify.At, client *realm.Client, compact string) (verify.Held, error)
	RefreshToken(ctx context.Context, at verify.At, client *realm.Client, compact string) (verify.Held, error)
	IDToken(ctx context.Context, at verify.At, compact string) (verify.Held, error)
}

// Abroad reads tokens of other issuers than the realm, and has those that they gave. It is a *broker.Broker.
type Abroad interface {
	Holding(ctx context.Context, r *realm.Realm, u *user.User, alias string) (exchange.Holding, error)
	HandOut(ctx context.Context, r *realm.Realm, u *user.User, alias string) (token.Object, error)
	Subject(ctx context.Context, at verify.At, q verify.Abroad) (verify.Guest, error)
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

// Duties are what users have to do before they may sign in. It is a *people.Rulebook.
type Duties interface {
	Pending(ctx context.Context, r *realm.Realm, a user.Attempt) (bool, error)
}

// Once remembers values that may be used once, on every node.
type Once interface {
	UseOnce(ctx context.Context, realmKey, purpose, value string, until time.Time) (first bool, err error)
}

// Counters use up one-time codes by counter (RFC 4226), under the lock of the account. It is a *people.Users.
type Counters interface {
	TakeOTP(ctx context.Context, r *realm.Realm, userID, credentialID, code string) (right bool, err error)
}

// Marks remember revoked tokens, on every node.
type Marks interface {
	Revoke(ctx context.Context, realmKey, jti string, until time.Time) error
}

// Policies are the realm's client policies. It is a police.Judge, and not asked in a realm without.
type Policies interface {
	Judge(ctx context.Context, r *realm.Realm, f policy.Facts, e *event.Event) (policy.Verdict, error)
	Attributes(ctx context.Context, r *realm.Realm, c *realm.Client) (map[string]string, error)
}

// Limits hold callers to the limits of their realm. It is a *limit.Rates, and not asked in a realm without.
type Limits interface {
	Allow(ctx context.Context, r *realm.Realm, q limit.Request) error
}

// Keys sign tokens. An empty alg is the realm's own.
type Keys interface {
	Sign(ctx context.Context, r *realm.Realm, alg, typ string, c *token.Claims) (string, error)
}

// Events keeps what happened.
type Events interface {
	Record(ctx context.Context, e event.Event)
}
