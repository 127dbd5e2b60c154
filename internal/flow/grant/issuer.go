package grant

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Issuer redeems grants. All fields are required.
type Issuer struct {
	Realms   Realms
	Users    Users
	Sessions Sessions
	Events   Events
	Now      func() time.Time
	NewID    func() string // unique and unguessable
}

// Realms are the realms' configuration.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Users are people and service accounts. A user who is not there is fault.ErrNotFound.
type Users interface {
	User(ctx context.Context, realmKey, id string) (*user.User, error)
	UserByName(ctx context.Context, realmKey, username string) (*user.User, error)
	UserByEmail(ctx context.Context, realmKey, email string) (*user.User, error)
	ServiceAccount(ctx context.Context, realmKey, clientKey string) (*user.User, error)
	Credentials(ctx context.Context, realmKey, userID string) ([]user.Credential, error)
}

// Sessions are who is signed in, and what they granted.
type Sessions interface {
	StartSession(ctx context.Context, realmKey string, s session.Session, g session.Grant) error
	PutGrant(ctx context.Context, realmKey string, g session.Grant) error
	Grant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) (*session.Grant, error)
	Refresh(ctx context.Context, realmKey string, prev, next session.Grant) error
	EndGrant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) (sessionEnded bool, err error)
}

// Events keeps what happened.
type Events interface {
	Record(ctx context.Context, e event.Event)
}

// ErrOrigin is what a browser is told whose page may not call the client: Keycloak's text stands
// where the code should be.
var ErrOrigin = oauth.Errorf("Invalid origin", "").WithStatus(403).InEvent("invalid_request", "invalid origin")

// ClientCredentials gives a client a token for itself.
func (i *Issuer) ClientCredentials(ctx context.Context, q ClientCredentialsRequest) (*Response, error) {
	panic("provisional")
}

// Password signs a user in by name and password.
func (i *Issuer) Password(ctx context.Context, q PasswordRequest) (*Response, error) {
	panic("provisional")
}

// Refresh gives new tokens for a refresh token.
func (i *Issuer) Refresh(ctx context.Context, q RefreshRequest) (*Response, error) {
	panic("provisional")
}

// Exchange gives a token for another.
func (i *Issuer) Exchange(ctx context.Context, q ExchangeRequest) (*Response, error) {
	panic("provisional")
}
