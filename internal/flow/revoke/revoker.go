package revoke

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Revoker revokes tokens and signs users out. All fields are required.
type Revoker struct {
	Realms   Realms
	Verifier Verifier
	Sessions Sessions
	Marks    Marks
	Herald   Herald
	Policies Policies
	Events   Events
	Now      func() time.Time
	NewID    func() string
}

// Realms are the realms' configuration.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Verifier proves callers and tokens. It is a *verify.Verifier.
type Verifier interface {
	Client(ctx context.Context, at verify.At, c verify.Credentials) (verify.ClientAuth, error)
	Issued(ctx context.Context, at verify.At, client *realm.Client, compact string) (verify.Held, error)
	SignedOut(ctx context.Context, at verify.At, client *realm.Client, compact string) (verify.Held, error)
	Proof(ctx context.Context, at verify.At, q verify.Sent) (*proof.Proof, error)
}

// Sessions end, wholly or for one client. What is not there is fault.ErrNotFound where it is read, and is
// passed over where it is ended. EndGrant ends the session with its last grant, DropGrant leaves it; both take back
// what the client got until then, with all that was exchanged from it. UndoGrant ends the grant alone.
type Sessions interface {
	Session(ctx context.Context, realmKey, id string, offline bool) (*session.Session, error)
	Grants(ctx context.Context, realmKey, sessionID string, offline bool) ([]session.Grant, error)
	EndGrant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool, at time.Time) (sessionEnded bool, err error)
	DropGrant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool, at time.Time) error
	UndoGrant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) error
	EndSession(ctx context.Context, realmKey, id string, offline bool) error
}

// Marks remember revoked tokens, on every node.
type Marks interface {
	Revoke(ctx context.Context, realmKey, jti string, until time.Time) error
}

// Herald tells clients that sessions ended. It is a *signout.Herald.
type Herald interface {
	Due(ctx context.Context, r *realm.Realm, q session.Query) ([]session.Notice, error)
	Tell(ctx context.Context, at verify.At, due []session.Notice)
}

// Policies are the realm's client policies. It is a police.Judge, and not asked in a realm without.
type Policies interface {
	Judge(ctx context.Context, r *realm.Realm, f policy.Facts, e *event.Event) (policy.Verdict, error)
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

	verify.Sent // what proves that the caller has a key or a certificate; only client policies ask
}

var (
	errRealmOff = oauth.Errorf(oauth.AccessDenied, "Realm not enabled").InEvent("realm_disabled", "")
	errOrigin   = oauth.Errorf(oauth.InvalidOrigin, "").InEvent("invalid_request", "invalid origin")
	errRepeated = oauth.Errorf(oauth.InvalidRequest, "duplicated parameter").InEvent("invalid_request", "duplicated parameter")
)

// turn is one request on its way: who asks, where and when, and the event that it becomes.
type turn struct {
	*Revoker
	at     verify.At
	client *realm.Client // set by authenticate
	caller policy.Facts  // what authenticate proved of it
	sent   verify.Sent
	event  event.Event
}

// begin reads clock and realm. An error means that there is no such realm, and nowhere to record
// anything.
func (v *Revoker) begin(ctx context.Context, kind event.Kind, q Call) (*turn, error) {
	r, err := v.Realms.Realm(ctx, q.Realm)
	if err != nil {
		return nil, err
	}
	now := v.Now()
	return &turn{
		Revoker: v,
		at:      verify.At{Realm: r, Base: q.Base, Now: now},
		event:   event.Event{ID: v.NewID(), Time: now, Kind: kind, Realm: r.Key, RealmName: r.Name, Address: q.Address},
	}, nil
}

// end records the turn, whatever became of it and though the caller may have gone.
func (t *turn) end(ctx context.Context, err error) {
	if err != nil {
		t.event.Fail(err)
	}
	t.Events.Record(context.WithoutCancel(ctx), t.event)
}

// authenticate proves which client asks, and that its request may be looked at.
func (t *turn) authenticate(ctx context.Context, q Call) error {
	if !t.at.Realm.Enabled {
		return errRealmOff
	}
	auth, err := t.Verifier.Client(ctx, t.at, q.Credentials)
	auth.Note(&t.event)
	switch {
	case err != nil:
		return err
	case q.Origin != "" && !auth.Client.AllowsOrigin(q.Base, q.Origin):
		return errOrigin
	case auth.Client.BearerOnly:
		return verify.ErrBearerOnly
	case q.Repeated:
		return errRepeated
	}
	t.client = auth.Client
	t.caller.Method, t.caller.Assertion, t.sent = auth.Method, auth.Signed(), q.Sent
	return nil
}

// police holds the request against the realm's client policies, with the token that it is about, and what its sender
// proves to have. A proof that is no good is refused, as at the token endpoint.
func (t *turn) police(ctx context.Context, stage policy.Stage, h *verify.Held) error {
	if len(t.at.Realm.Policies) == 0 {
		return nil
	}
	shown, err := t.Verifier.Proof(ctx, t.at, t.sent)
	if err != nil {
		return err
	}
	f := t.caller
	f.Certificate = proof.Thumbprint(t.sent.Certificate, t.at.Now)
	if shown != nil {
		f.Key = shown.Key
	}
	f.Stage, f.Issuer, f.Client = stage, t.at.Realm.Issuer(t.at.Base), t.client
	if c := h.Token.Confirmation; c != nil {
		f.BoundKey, f.BoundCert = c.JKT, c.Certificate
	}
	_, err = t.Policies.Judge(ctx, t.at.Realm, f, &t.event)
	return err
}
