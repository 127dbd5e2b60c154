package people

import (
	"context"
	"errors"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Impersonator lets administrators act as others. All fields are required.
type Impersonator struct {
	Store  SessionOpener
	Keys   authorize.Signer
	Herald Herald
	Events Recorder
}

// SessionOpener opens and ends sessions.
type SessionOpener interface {
	OpenSession(ctx context.Context, realmKey string, s session.Session, audit []event.Admin) error
	EndSession(ctx context.Context, realmKey, id string, offline bool) error
}

// Recorder keeps events.
type Recorder interface {
	Record(ctx context.Context, e event.Event)
}

// Impersonation is a session that an administrator has as somebody else.
type Impersonation struct {
	Session   session.Session
	Cookies   []authorize.Cookie // by which a browser is signed in
	SameRealm bool               // the administrator's own session ended for it
}

// Impersonate starts a session of the user for the administrator, whose own session ends where it is one of
// the same realm: a browser is signed in there as one person.
func (i *Impersonator) Impersonate(ctx context.Context, author audit.Author, r *realm.Realm, a *permit.Administrator, who *user.User) (*Impersonation, error) {
	switch {
	case !who.Enabled:
		return nil, &fault.Invalid{Message: "User is disabled"}
	case who.ServiceAccount != "":
		return nil, &fault.Invalid{Message: "Service accounts cannot be impersonated"}
	}
	out := &Impersonation{SameRealm: a.Realm.Key == r.Key && a.Session != ""}
	if out.SameRealm {
		if err := i.leave(ctx, author, r, a.Session); err != nil {
			return nil, err
		}
	}
	out.Session = session.Session{ID: author.NewID(), UserID: who.ID, Username: who.Username, Started: author.Now, LastAccess: author.Now,
		AuthTime: author.Now, Method: "impersonate", Address: author.Actor.Address,
		Notes: map[string]string{"IMPERSONATOR_ID": a.User.ID, "IMPERSONATOR_USERNAME": a.User.Username}}
	var err error
	at := verify.At{Realm: r, Base: author.Base, Now: author.Now}
	if out.Cookies, err = authorize.Identify(ctx, i.Keys, at, &out.Session, author.NewID()); err != nil {
		return nil, err
	}
	if err := i.Store.OpenSession(ctx, r.Key, out.Session, nil); err != nil {
		return nil, err
	}
	i.record(ctx, author, r, a, &out.Session)
	return out, nil
}

// leave ends the administrator's own session.
func (i *Impersonator) leave(ctx context.Context, author audit.Author, r *realm.Realm, id string) error {
	due, err := i.Herald.Due(ctx, r, session.Query{ID: id})
	if err != nil {
		return err
	}
	if err := i.Store.EndSession(ctx, r.Key, id, false); err != nil && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	i.Herald.Tell(ctx, verify.At{Realm: r, Base: author.Base, Now: author.Now}, due)
	return nil
}

func (i *Impersonator) record(ctx context.Context, author audit.Author, r *realm.Realm, a *permit.Administrator, s *session.Session) {
	e := event.Event{ID: author.NewID(), Time: author.Now.Truncate(time.Millisecond), Kind: event.Impersonate, Realm: r.Key, RealmName: r.Name,
		UserID: s.UserID, Session: s.ID, Address: s.Address}
	e.Set("impersonator_realm", a.Realm.Name)
	e.Set("impersonator", a.User.Username)
	i.Events.Record(ctx, e)
}
