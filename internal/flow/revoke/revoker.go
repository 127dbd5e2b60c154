package revoke

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Revoker revokes tokens and signs users out. All fields are required.
type Revoker struct {
	Realms   Realms
	Verifier *verify.Verifier
	Sessions Sessions
	Events   Events
	Now      func() time.Time
	NewID    func() string
}

// Realms are the realms' configuration.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Sessions end, wholly or for one client.
type Sessions interface {
	Grants(ctx context.Context, realmKey, sessionID string, offline bool) ([]session.Grant, error)
	EndGrant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) (sessionEnded bool, err error)
	EndSession(ctx context.Context, realmKey, id string, offline bool) error
	Revoke(ctx context.Context, realmKey, jti string, until time.Time) error
}

// Events keeps what happened.
type Events interface {
	Record(ctx context.Context, e event.Event)
}

// Call is what every request of a client brings.
type Call struct {
	Realm       string // its name
	Base        string // the server's URL as the caller reaches it
	Address     string // the caller's
	Credentials verify.Credentials
	Origin      string // header Origin; one that the client does not allow is refused with oauth.InvalidOrigin
	Repeated    bool   // a parameter that may come once came more often
}
