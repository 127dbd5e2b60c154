package action

import (
	"context"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
)

// Deps is what the actions ask. All fields are required.
type Deps struct {
	Users    Users
	People   People
	Rules    *people.Rulebook
	Sessions Sessions
	Once     Once
	Lockouts authorize.Lockouts
	Kept     people.Kept
	Mail     Mailer
	Tokens   authorize.Keys
	Events   authorize.Events
	NewID    func() string                   // a UUID, unguessable
	Secret   func() string                   // of a new generator of one-time codes, unguessable
	Letters  func(n int, from string) string // n of these characters, unguessable
	// Aside runs what nobody should have to wait for, or could time. It tells whether it is going to.
	Aside func(func()) bool
}

// Users are people with what they prove who they are by; fault.ErrNotFound.
type Users interface {
	Credentials(ctx context.Context, realmKey, userID string) ([]user.Credential, error)
	User(ctx context.Context, realmKey, id string) (*user.User, error)
	UserByName(ctx context.Context, realmKey, username string) (*user.User, error)
	UserByEmail(ctx context.Context, realmKey, email string) (*user.User, error)
}

// People changes accounts on behalf of their owners. It is a *people.Users.
type People interface {
	ChangePassword(ctx context.Context, author audit.Author, r *realm.Realm, id, password string) error
	ChangeProfile(ctx context.Context, r *realm.Realm, id string, told people.Told) error
	Register(ctx context.Context, author audit.Author, r *realm.Realm, q people.Registration, complaints ...error) (string, error)
	EditOwn(ctx context.Context, r *realm.Realm, id string, edit func(a *user.Account) error) error
	DeleteOwn(ctx context.Context, r *realm.Realm, id string) error
	CheckEmail(ctx context.Context, r *realm.Realm, id, address string, scopes []string) error
	ChangeEmail(ctx context.Context, r *realm.Realm, id string, c people.EmailChange) error
	TakeOTP(ctx context.Context, r *realm.Realm, id, credentialID, code string) (bool, error)
}

// Sessions ends sessions. It is a *people.Sessions.
type Sessions interface {
	EndOthers(ctx context.Context, author audit.Author, r *realm.Realm, userID, except string) error
}

// Once remembers values that may be used once, on every node.
type Once interface {
	UseOnce(ctx context.Context, realmKey, purpose, value string, until time.Time) (first bool, err error)
}

// author is who people are to themselves: nobody whom the audit of administrators knows.
func (d *Deps) author(t *authorize.Turn) audit.Author {
	return audit.Author{Base: t.At.Base, Now: t.At.Now, NewID: d.NewID}
}

// asked tells whether the realm has a required action switched on, and the user was given it.
func (d *Deps) asked(ctx context.Context, t *authorize.Turn, alias string) (bool, error) {
	on, err := d.enabled(ctx, t, alias)
	return on && has(t.User, alias), err
}

func (d *Deps) enabled(ctx context.Context, t *authorize.Turn, alias string) (bool, error) {
	terms, err := d.Rules.Terms(ctx, t.Realm())
	if err != nil {
		return false, err
	}
	return terms.Action(alias) != nil, nil
}

// done takes a required action from the user, and reads the user anew.
func (d *Deps) done(ctx context.Context, t *authorize.Turn, alias string) (authorize.Result, error) {
	if err := d.relieve(ctx, t, alias); err != nil {
		return authorize.Result{}, err
	}
	return authorize.Result{Kind: authorize.Done}, d.reload(ctx, t)
}

// relieve takes a required action from the user who has it.
func (d *Deps) relieve(ctx context.Context, t *authorize.Turn, alias string) error {
	if !has(t.User, alias) {
		return nil
	}
	err := d.People.EditOwn(ctx, t.Realm(), t.User.ID, func(a *user.Account) error {
		people.Done(a, alias)
		return nil
	})
	if err != nil {
		return err
	}
	return d.reload(ctx, t)
}

// reload reads the user anew after a change.
func (d *Deps) reload(ctx context.Context, t *authorize.Turn) (err error) {
	t.User, err = d.Users.User(ctx, t.Realm().Key, t.User.ID)
	return err
}

// record records an event beside that of the sign-in.
func (d *Deps) record(ctx context.Context, t *authorize.Turn, kind event.Kind, details ...event.Detail) {
	e := t.Event
	e.Error, e.Trace = "", nil
	if t.User != nil {
		e.UserID = t.User.ID
	}
	d.Events.Record(context.WithoutCancel(ctx), d.eventOf(e, kind, "", details...))
}

// eventOf is an event that begins as another does; failure is Keycloak's name of what went wrong, and empty where nothing did.
func (d *Deps) eventOf(e event.Event, kind event.Kind, failure string, details ...event.Detail) event.Event {
	e.ID, e.Kind, e.Details = d.NewID(), kind, slices.Clone(e.Details)
	if failure != "" {
		e.Kind, e.Error = kind.Failed(), failure
	}
	for _, detail := range details {
		e.Set(detail.Name, detail.Value)
	}
	return e
}

// recordAction records what came of a required action; failure is Keycloak's name of it, and empty where there is none.
func (d *Deps) recordAction(ctx context.Context, t *authorize.Turn, action string, kind event.Kind, failure string, details ...event.Detail) {
	d.Events.Record(context.WithoutCancel(ctx), d.eventOf(t.EventOf(action), kind, failure, details...))
}

// recordCredential records what came of a change of a credential: by the kind of event that Keycloak had for it first,
// and by the one that it has for all.
func (d *Deps) recordCredential(ctx context.Context, t *authorize.Turn, action string, first event.Kind, kind, failure string, details ...event.Detail) {
	details = append(details, event.Detail{Name: "credential_type", Value: kind})
	d.recordAction(ctx, t, action, first, failure, details...)
	d.recordAction(ctx, t, action, event.UpdateCredential, failure, details...)
}

// endOthers ends the user's other sessions where the form asks for it.
func (d *Deps) endOthers(ctx context.Context, t *authorize.Turn, wanted bool) error {
	if !wanted {
		return nil
	}
	own := t.Attempt.Session
	if s := t.Identity().Session; s != nil && s.UserID == t.User.ID { // who proved anew who they are keeps theirs too
		own = s.ID
	}
	return d.Sessions.EndOthers(ctx, d.author(t), t.Realm(), t.User.ID, own)
}
