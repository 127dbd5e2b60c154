// Package store keeps everything in SQL, on SQLite or PostgreSQL.
package store

import (
	"context"
	"iter"
	"log/slog"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Config says which database to open, and under which key its secrets are sealed.
type Config struct {
	// URL is "sqlite:PATH", a plain path, or "postgres://…". Empty: a throw-away SQLite database.
	URL string

	// MasterKey is the base64 of 32 bytes; where empty it is read from KeyFile. With SQLite KeyFile
	// is the database's path with ".key" appended where empty, and made at the first start.
	MasterKey string
	KeyFile   string

	Log *slog.Logger     // slog.Default() where nil
	Now func() time.Time // time.Now where nil
}

// Store keeps everything. It is safe for concurrent use.
type Store struct{}

// EventFilter narrows which events are read; the zero value is all.
type EventFilter struct {
	Kinds  []event.Kind
	Client string // client_id
	UserID string
	Since  time.Time // included
	Until  time.Time // excluded
	First  int       // how many to pass over
	Limit  int       // zero: 100
}

// Open opens the database, brings its schema up to date and checks the master key.
func Open(ctx context.Context, c Config) (*Store, error) { panic("provisional") }

// Close writes what is queued and closes the database.
func (s *Store) Close() error { panic("provisional") }

// Ping tells whether the database answers.
func (s *Store) Ping(ctx context.Context) error { panic("provisional") }

// Sweep deletes what has expired: sessions, revocations, one-time values and events past their realm's retention.
func (s *Store) Sweep(ctx context.Context, now time.Time) error { panic("provisional") }

// Realm is the current configuration of a realm, by its name; fault.ErrNotFound.
func (s *Store) Realm(ctx context.Context, name string) (*realm.Realm, error) { panic("provisional") }

// RealmByKey is the current configuration of a realm, by its key.
func (s *Store) RealmByKey(ctx context.Context, key string) (*realm.Realm, error) {
	panic("provisional")
}

// RealmNames are the names of all realms, ordered.
func (s *Store) RealmNames(ctx context.Context) ([]string, error) { panic("provisional") }

// CreateRealm makes a realm with its groups and users in one transaction; fault.ErrConflict.
func (s *Store) CreateRealm(ctx context.Context, d *realm.Draft, groups []*realm.Group, users iter.Seq2[user.Account, error], audit []event.Admin) error {
	panic("provisional")
}

// Edit changes a realm's configuration in one transaction. The edit may run again, and must not
// call the store.
func (s *Store) Edit(ctx context.Context, name string, edit func(*realm.Draft) ([]event.Admin, error)) error {
	panic("provisional")
}

// DeleteRealm removes a realm and all that is in it.
func (s *Store) DeleteRealm(ctx context.Context, name string, audit []event.Admin) error {
	panic("provisional")
}

// Extra is what is kept but not acted on of a document.
func (s *Store) Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error) {
	panic("provisional")
}

// User finds a user by id. What it returns is shared and must not be changed; it carries Groups, and no Extra.
func (s *Store) User(ctx context.Context, realmKey, id string) (*user.User, error) {
	panic("provisional")
}

// UserByName finds a user by username, in any case.
func (s *Store) UserByName(ctx context.Context, realmKey, username string) (*user.User, error) {
	panic("provisional")
}

// UserByEmail finds a user by e-mail address, in any case; the first by username where several share it.
func (s *Store) UserByEmail(ctx context.Context, realmKey, email string) (*user.User, error) {
	panic("provisional")
}

// ServiceAccount finds the service account of a client, by the client's key.
func (s *Store) ServiceAccount(ctx context.Context, realmKey, clientKey string) (*user.User, error) {
	panic("provisional")
}

// Credentials are a user's credentials in their order.
func (s *Store) Credentials(ctx context.Context, realmKey, userID string) ([]user.Credential, error) {
	panic("provisional")
}

// Account is a user with credentials and Extra, read anew and the caller's to change.
func (s *Store) Account(ctx context.Context, realmKey, id string) (user.Account, error) {
	panic("provisional")
}

// CreateUser adds a user; fault.ErrConflict where id or username is taken.
func (s *Store) CreateUser(ctx context.Context, realmKey string, a user.Account, audit []event.Admin) error {
	panic("provisional")
}

// EditUser changes a user. The edit may run again, and must not call the store.
func (s *Store) EditUser(ctx context.Context, realmKey, id string, edit func(*user.Account) ([]event.Admin, error)) error {
	panic("provisional")
}

// DeleteUser removes a user and ends their sessions.
func (s *Store) DeleteUser(ctx context.Context, realmKey, id string, audit []event.Admin) error {
	panic("provisional")
}

// Users streams all users of a realm by username.
func (s *Store) Users(ctx context.Context, realmKey string) iter.Seq2[user.Account, error] {
	panic("provisional")
}

// Groups are all groups of a realm by path, Path filled in.
func (s *Store) Groups(ctx context.Context, realmKey string) ([]*realm.Group, error) {
	panic("provisional")
}

// PutGroup adds or replaces a group.
func (s *Store) PutGroup(ctx context.Context, realmKey string, g *realm.Group, audit []event.Admin) error {
	panic("provisional")
}

// DeleteGroup removes a group and those below it.
func (s *Store) DeleteGroup(ctx context.Context, realmKey, key string, audit []event.Admin) error {
	panic("provisional")
}

// StartSession adds a session with its first grant, or a grant to a session that is there.
func (s *Store) StartSession(ctx context.Context, realmKey string, ss session.Session, g session.Grant) error {
	panic("provisional")
}

// PutGrant adds or replaces a grant; fault.ErrNotFound where its session is gone.
func (s *Store) PutGrant(ctx context.Context, realmKey string, g session.Grant) error {
	panic("provisional")
}

// Session finds a session. It may come from a cache that is a second old on PostgreSQL; shared, not to be changed.
func (s *Store) Session(ctx context.Context, realmKey, id string, offline bool) (*session.Session, error) {
	panic("provisional")
}

// Grant finds what a client holds in a session, as it stands now.
func (s *Store) Grant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) (*session.Grant, error) {
	panic("provisional")
}

// Granted is Grant from the cache: to see that a grant stands, not to judge its refresh id. For
// introspection, userinfo and subjects of an exchange.
func (s *Store) Granted(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) (*session.Grant, error) {
	panic("provisional")
}

// Grants are all grants of a session.
func (s *Store) Grants(ctx context.Context, realmKey, sessionID string, offline bool) ([]session.Grant, error) {
	panic("provisional")
}

// Refresh replaces prev by next if the grant still has prev's RefreshID and RefreshUses, and moves
// the session's LastAccess to next's. fault.ErrStale where another refresh was first,
// fault.ErrNotFound where the grant is gone.
func (s *Store) Refresh(ctx context.Context, realmKey string, prev, next session.Grant) error {
	panic("provisional")
}

// EndGrant ends what a client holds in a session, and the session with its last grant. Nothing
// happens where it is gone already.
func (s *Store) EndGrant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) (sessionEnded bool, err error) {
	panic("provisional")
}

// EndSession ends a session and its grants. Nothing happens where it is gone already.
func (s *Store) EndSession(ctx context.Context, realmKey, id string, offline bool) error {
	panic("provisional")
}

// UserSessions are the sessions of a user, oldest first.
func (s *Store) UserSessions(ctx context.Context, realmKey, userID string, offline bool) ([]session.Session, error) {
	panic("provisional")
}

// Revoke remembers that a token, by its jti, is revoked until it would expire.
func (s *Store) Revoke(ctx context.Context, realmKey, jti string, until time.Time) error {
	panic("provisional")
}

// Revoked tells whether a token is revoked.
func (s *Store) Revoked(ctx context.Context, realmKey, jti string) (bool, error) {
	panic("provisional")
}

// UseOnce uses a one-time value of a purpose up, until it would expire; first is false where it was used before.
func (s *Store) UseOnce(ctx context.Context, realmKey, purpose, value string, until time.Time) (first bool, err error) {
	panic("provisional")
}

// Record queues an event; it stores what it is given, whatever the realm's settings say.
func (s *Store) Record(ctx context.Context, e event.Event) { panic("provisional") }

// Events are a realm's events, newest first.
func (s *Store) Events(ctx context.Context, realmKey string, f EventFilter) ([]event.Event, error) {
	panic("provisional")
}

// AdminEvents are a realm's admin events, newest first.
func (s *Store) AdminEvents(ctx context.Context, realmKey string, f EventFilter) ([]event.Admin, error) {
	panic("provisional")
}
