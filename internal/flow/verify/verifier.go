package verify

import (
	"context"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Deps is what a Verifier asks. All are required but Fetch, without which no client can use a JWKS URL, Foreign,
// without which none can use a token of another issuer, Realms, without which a node does not know a key that another has just made and
// nothing is good that came of, or is acted by, another issuer's token, and Nonces, without which no proof is good in a realm that
// wants them to name one.
type Deps struct {
	Keys     Keys
	Users    Users
	Sessions Sessions
	Marks    Marks
	Fetch    Fetcher
	Foreign  Foreign
	Realms   Realms
	Nonces   proof.Nonces
}

// Realms are the realms; fault.ErrNotFound. Latest is one with all that other nodes have changed by now.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
	Latest(ctx context.Context, key string) (*realm.Realm, error)
}

// Keys check signatures with a realm's keys.
type Keys interface {
	Verify(r *realm.Realm, compact string) (token.Verified, error)
}

// Users are people and service accounts. A user who is not there is fault.ErrNotFound.
type Users interface {
	User(ctx context.Context, realmKey, id string) (*user.User, error)
	ServiceAccount(ctx context.Context, realmKey, clientKey string) (*user.User, error)
}

// Sessions are who is signed in. What is not there is fault.ErrNotFound. Grant reads what stands now,
// Granted may be as old as a cache is trusted.
type Sessions interface {
	Session(ctx context.Context, realmKey, id string, offline bool) (*session.Session, error)
	Grant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) (*session.Grant, error)
	Granted(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) (*session.Grant, error)
}

// Marks remember revoked tokens and values that may be used once, on every node.
type Marks interface {
	Revoked(ctx context.Context, realmKey, jti string) (bool, error)
	UseOnce(ctx context.Context, realmKey, purpose, value string, until time.Time) (first bool, err error)
}

// Fetcher reads the key sets that clients publish.
type Fetcher interface {
	// Keys are the keys at a URL. A set that is remembered is fetched again when it lacks kid.
	Keys(ctx context.Context, url, kid string) ([]jose.JSONWebKey, error)
}

// Foreign checks signatures of other issuers.
type Foreign interface {
	// Verify checks the signature of a token by the keys of a provider. The claims are not looked at.
	Verify(ctx context.Context, s *federation.Settings, compact string) (federation.Foreign, error)
}

// At is the realm that is asked, the server's URL as the caller reaches it, and the time.
type At struct {
	Realm *realm.Realm
	Base  string
	Now   time.Time
}

// Verifier proves callers and tokens. It is safe for concurrent use; make it with New.
type Verifier struct {
	Deps
	seen *signatures
}

// New makes a verifier.
func New(d Deps) *Verifier { return &Verifier{Deps: d, seen: newSignatures(d.Keys)} }
