package account

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Accounts answers people who ask about their own account. All fields are required.
type Accounts struct {
	Holders     Holders
	Browsers    Browsers
	Parts       Parts
	Seals       Seals
	Actions     Actions
	People      People
	Sessions    Sessions
	Consents    Consents
	Rules       Rules
	Credentials Credentials
	Kept        Kept
	Events      Events
	Now         func() time.Time
	NewID       func() string
}

// Holders tells who stands behind access tokens; a refusal is a *verify.Failure. It is an *inspect.Inspector.
type Holders interface {
	Holder(ctx context.Context, r *realm.Realm, base string, p verify.Presented) (*inspect.Holder, error)
}

// People changes accounts on behalf of their owners. It is a *people.Users.
type People interface {
	ChangeProfile(ctx context.Context, r *realm.Realm, id string, told people.Told) error
	EditOwn(ctx context.Context, r *realm.Realm, id string, edit func(a *user.Account) error) error
}

// Sessions are where users are signed in. It is a *people.Sessions.
type Sessions interface {
	Of(ctx context.Context, r *realm.Realm, q session.Query, now time.Time) ([]people.Signed, error)
	EndOwn(ctx context.Context, author audit.Author, r *realm.Realm, userID, id string) (ended bool, err error)
}

// Consents takes back what users allowed clients. It is a *people.Consents.
type Consents interface {
	Withdraw(ctx context.Context, author audit.Author, r *realm.Realm, u *user.User, client *realm.Client) error
}

// Actions are the required actions that there are pages for. It is an *authorize.Authorizer.
type Actions interface{ Knows(alias string) bool }

// Rules is what realms demand of accounts. It is a *people.Rulebook.
type Rules interface {
	Terms(ctx context.Context, r *realm.Realm) (*people.Terms, error)
}

// Credentials are what users prove who they are by.
type Credentials interface {
	Credentials(ctx context.Context, realmKey, userID string) ([]user.Credential, error)
}

// Kept is what is kept of a realm, its clients and its providers without being acted on in every request.
type Kept interface {
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
	Extras(ctx context.Context, realmKey string, kind realm.Kind, keys []string) (map[string]realm.Extra, error)
}

// Events keeps what happened.
type Events interface {
	Record(ctx context.Context, e event.Event)
}
