package signout

import (
	"context"
	"errors"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Ender ends sessions in browsers. All fields are required. It is safe for concurrent use.
type Ender struct {
	Realms   Realms
	Users    Users
	Sessions Sessions
	Logins   authorize.Logins
	Keys     Keys
	Herald   *Herald
	Upstream Upstream
	Policies Policies
	Events   Events
	Now      func() time.Time
	NewID    func() string // a UUID, unguessable
	NewToken func() string // 24 characters of base64url, unguessable
}

// Realms are the realms' configuration.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Users are people. Who is not there is fault.ErrNotFound.
type Users interface {
	User(ctx context.Context, realmKey, id string) (*user.User, error)
}

// Sessions are who is signed in. What is not there is fault.ErrNotFound where it is read, and is passed over where
// it is ended.
type Sessions interface {
	Session(ctx context.Context, realmKey, id string, offline bool) (*session.Session, error)
	Grants(ctx context.Context, realmKey, sessionID string, offline bool) ([]session.Grant, error)
	EndSession(ctx context.Context, realmKey, id string, offline bool) error
}

// Upstream are the identity providers that users come from. It is a *broker.Broker.
type Upstream interface {
	// LogoutURL is where a browser goes to end the session at the provider that its user came from, to come back with
	// a state. Empty: nowhere. It is asked before the session ends.
	LogoutURL(ctx context.Context, at verify.At, s *session.Session, state string) (string, error)
}

// Keys verify signatures of the realm itself.
type Keys interface {
	Verify(r *realm.Realm, compact string) (token.Verified, error)
}

// Policies are the realm's client policies. It is a police.Judge, and not asked in a realm without.
type Policies interface {
	Judge(ctx context.Context, r *realm.Realm, f policy.Facts, e *event.Event) (policy.Verdict, error)
}

// Events keeps what happened.
type Events interface {
	Record(ctx context.Context, e event.Event)
}

// turn is one request of a browser on its way: what is known of the browser, and the event that it becomes.
type turn struct {
	*Ender
	at       verify.At
	cookies  authorize.Cookies
	identity authorize.Identity // who the browser is signed in as
	browser  *login.Browser     // what it has begun; nil: nothing
	event    event.Event
}

// begin reads clock and cookies. An error means that there is no such realm.
func (e *Ender) begin(ctx context.Context, q authorize.Call) (*turn, error) {
	r, err := e.Realms.Realm(ctx, q.Realm)
	if err != nil {
		return nil, err
	}
	t := &turn{Ender: e, at: verify.At{Realm: r, Base: q.Base, Now: e.Now()}, cookies: q.Cookies}
	t.event = event.Event{ID: e.NewID(), Time: t.at.Now, Kind: event.Logout, Realm: r.Key, RealmName: r.Name, Address: q.Address}
	identities := authorize.Identities{Keys: e.Keys, Sessions: e.Sessions, Users: e.Users}
	if t.identity, err = identities.Of(ctx, t.at, q.Cookies); err != nil {
		return nil, err
	}
	if id := q.Cookies[authorize.CookieBrowser]; id != "" {
		t.browser, err = e.Logins.Login(ctx, r.Key, id)
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return nil, err
		}
	}
	return t, nil
}

// url is the realm's address with what follows.
func (t *turn) url(below string) string { return t.at.Realm.Issuer(t.at.Base) + below }

// record keeps the event of the turn; a nil error is success.
func (t *turn) record(ctx context.Context, err error) {
	if err != nil {
		t.event.Fail(err)
	}
	t.Events.Record(context.WithoutCancel(ctx), t.event)
}
