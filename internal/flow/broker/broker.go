package broker

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/letter"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Broker signs people in through identity providers. All fields are required. It is safe for concurrent use.
type Broker struct {
	Realms    Realms
	Sign      *authorize.Authorizer // whose attempts these are
	Book      *Book
	Users     Users
	People    People
	Rules     *people.Rulebook
	Tokens    Tokens
	Holders   Holders
	Own       Own
	Upstream  Upstream
	Keys      Keys
	Once      Once
	Sessions  Sessions
	Herald    Herald
	Mail      Mailer
	Events    Events
	Now       func() time.Time
	NewID     func() string // a UUID, unguessable
	NewSecret func() string // 24 characters of base64url, unguessable
}

// Realms are the realms' configuration; fault.ErrNotFound.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Users are people; fault.ErrNotFound. UserByLink is *fault.Conflict where several are linked to the same account.
type Users interface {
	User(ctx context.Context, realmKey, id string) (*user.User, error)
	UserByName(ctx context.Context, realmKey, username string) (*user.User, error)
	UserByEmail(ctx context.Context, realmKey, email string) (*user.User, error)
	UserByLink(ctx context.Context, realmKey, provider, subject string) (*user.User, error)
	GroupByPath(ctx context.Context, realmKey, path string) (*realm.Group, error)
	Lineage(ctx context.Context, realmKey string, keys []string) ([]*realm.Group, error)
}

// People changes accounts. It is a *people.Users.
type People interface {
	Adopt(ctx context.Context, author audit.Author, r *realm.Realm, q people.Adoption) (id string, err error)
	EditOwn(ctx context.Context, r *realm.Realm, id string, edit func(a *user.Account) error) error
}

// Tokens keep what providers answered for users; fault.ErrNotFound.
type Tokens interface {
	KeptTokens
	KeepProviderToken(ctx context.Context, realmKey, userID, alias string, answer []byte) error
}

// KeptTokens are what providers answered for users; fault.ErrNotFound.
type KeptTokens interface {
	ProviderToken(ctx context.Context, realmKey, userID, alias string) ([]byte, error)
}

// Holders tells who stands behind access tokens; a refusal is a *verify.Failure. It is an *inspect.Inspector.
type Holders interface {
	Holder(ctx context.Context, r *realm.Realm, base string, p verify.Presented) (*inspect.Holder, error)
}

// Upstream asks providers. It gives up by itself after a while. It is an *upstream.Client.
type Upstream interface {
	Token(ctx context.Context, q federation.TokenRequest) (federation.Tokens, error)
	UserInfo(ctx context.Context, s *federation.Settings, accessToken string) (token.Object, error)
	Verify(ctx context.Context, s *federation.Settings, compact string) (federation.Foreign, error)
}

// Keys are the realm's own. They prove this server to providers, and seal links in letters.
type Keys interface {
	Sign(ctx context.Context, r *realm.Realm, alg, typ string, c *token.Claims) (string, error)
	Verify(r *realm.Realm, compact string) (token.Verified, error)
}

// Once remembers values that may be used once, on every node.
type Once interface {
	UseOnce(ctx context.Context, realmKey, purpose, value string, until time.Time) (first bool, err error)
}

// Sessions are who is signed in, and where they came from. What is not there is fault.ErrNotFound.
type Sessions interface {
	Session(ctx context.Context, realmKey, id string, offline bool) (*session.Session, error)
	EndSession(ctx context.Context, realmKey, id string, offline bool) error
	Origin(ctx context.Context, realmKey, sessionID string) (session.Origin, error)
	SessionsFrom(ctx context.Context, realmKey string, q session.OriginQuery) ([]string, error)
}

// Herald tells clients that sessions ended. It is a *signout.Herald.
type Herald interface {
	Due(ctx context.Context, r *realm.Realm, q session.Query) ([]session.Notice, error)
	Tell(ctx context.Context, at verify.At, due []session.Notice)
}

// Mailer sends letters by the mail server that a realm's settings describe, unless it must not.
type Mailer interface {
	Send(ctx context.Context, r *realm.Realm, settings map[string]string, l letter.Letter) error
}

// Events keeps what happened.
type Events interface {
	Record(ctx context.Context, e event.Event)
}
