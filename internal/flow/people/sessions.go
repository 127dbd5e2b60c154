package people

import (
	"context"
	"errors"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Sessions shows who is signed in, and signs them out. All fields are required.
type Sessions struct {
	Store  SessionStore
	Users  Editor
	Realms RealmEditor
	Herald Herald
}

// Herald tells clients that sessions ended. It is a *signout.Herald.
type Herald interface {
	Due(ctx context.Context, r *realm.Realm, q session.Query) ([]session.Notice, error)
	Tell(ctx context.Context, at verify.At, due []session.Notice)
}

// SessionStore keeps sessions with the grants in them; fault.ErrNotFound.
type SessionStore interface {
	FindSessions(ctx context.Context, realmKey string, q session.Query, first, max int) ([]session.Session, error)
	Grants(ctx context.Context, realmKey, sessionID string, offline bool) ([]session.Grant, error)
	CloseSession(ctx context.Context, realmKey, id string, offline bool, audit []event.Admin) error
	EndUserSessions(ctx context.Context, realmKey, userID string, audit []event.Admin) error
	EndAllSessions(ctx context.Context, realmKey string, audit []event.Admin) error
}

// Editor changes users.
type Editor interface {
	EditUser(ctx context.Context, realmKey, id string, edit func(*user.Account) ([]event.Admin, error)) error
}

// RealmEditor changes realms.
type RealmEditor interface {
	Edit(ctx context.Context, name string, edit func(*realm.Draft) ([]event.Admin, error)) error
	Append(ctx context.Context, audit []event.Admin) error
}

// Signed is a session with the grants in it.
type Signed struct {
	session.Session
	Grants []session.Grant
}

// Of are the sessions of a user that are not over, by when they began; those in which a client holds a grant
// where the query names one.
func (s *Sessions) Of(ctx context.Context, r *realm.Realm, q session.Query, now time.Time) ([]Signed, error) {
	found, err := s.Store.FindSessions(ctx, r.Key, q, 0, -1)
	if err != nil {
		return nil, err
	}
	var out []Signed
	for _, ss := range found {
		if ss.Expired(r, now) {
			continue
		}
		grants, err := s.Store.Grants(ctx, r.Key, ss.ID, ss.Offline)
		if err != nil {
			return nil, err
		}
		out = append(out, Signed{ss, grants})
	}
	return out, nil
}

// ending ends the sessions that q asks for by end, and tells the clients in them. Those that end by themselves at
// the same moment may be told of too.
func (s *Sessions) ending(ctx context.Context, author audit.Author, r *realm.Realm, q session.Query, end func() error) error {
	due, err := s.Herald.Due(ctx, r, q)
	if err != nil {
		return err
	}
	if err := end(); err != nil {
		return err
	}
	s.Herald.Tell(ctx, verify.At{Realm: r, Base: author.Base, Now: author.Now}, due)
	return nil
}

// End ends one session. One that is not there is a *fault.NotFound; the text is Keycloak's.
func (s *Sessions) End(ctx context.Context, author audit.Author, r *realm.Realm, id string, offline bool) error {
	err := s.ending(ctx, author, r, session.Query{ID: id, Offline: offline}, func() error {
		return s.Store.CloseSession(ctx, r.Key, id, offline, author.Of(r, audit.Delete, "USER_SESSION", "sessions/"+id, nil))
	})
	if errors.Is(err, fault.ErrNotFound) {
		return &fault.NotFound{Message: "Sesssion not found"}
	}
	return err
}

// SignOut ends a user's sessions, and refuses their tokens from now on, those of offline sessions too.
func (s *Sessions) SignOut(ctx context.Context, author audit.Author, r *realm.Realm, id string) error {
	err := s.Users.EditUser(ctx, r.Key, id, func(a *user.Account) ([]event.Admin, error) {
		a.User.NotBefore = author.Now.Unix()
		return author.Of(r, audit.Action, userResource, userPath(id)+"/logout", nil), nil
	})
	if err != nil {
		return err
	}
	return s.ending(ctx, author, r, session.Query{User: id}, func() error { return s.Store.EndUserSessions(ctx, r.Key, id, nil) })
}

// SignOutAll ends all sessions of a realm, and refuses its tokens from now on.
func (s *Sessions) SignOutAll(ctx context.Context, author audit.Author, r *realm.Realm) error {
	err := s.Realms.Edit(ctx, r.Name, func(d *realm.Draft) ([]event.Admin, error) {
		settings := d.Realm().Settings
		settings.NotBefore = author.Now.Unix()
		d.PutSettings(settings)
		return author.Of(d.Realm(), audit.Action, "REALM", "logout-all", nil), nil
	})
	if err != nil {
		return err
	}
	return s.ending(ctx, author, r, session.Query{}, func() error { return s.Store.EndAllSessions(ctx, r.Key, nil) })
}

// PushRevocation records that clients were to be told from when on tokens hold. There is nobody to tell:
// clients ask.
func (s *Sessions) PushRevocation(ctx context.Context, author audit.Author, r *realm.Realm) error {
	return s.Realms.Append(ctx, author.Of(r, audit.Action, "REALM", "push-revocation", nil))
}
