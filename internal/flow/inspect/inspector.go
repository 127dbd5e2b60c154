package inspect

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Inspector answers introspection and userinfo requests, and tells who administrates. All exported fields are
// required.
type Inspector struct {
	Realms   Realms
	Verifier Verifier
	Keys     Keys
	Policies Policies
	Limits   Limits
	Events   Events
	Now      func() time.Time
	NewID    func() string

	carried carried
}

// Realms are the realms' configuration.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Verifier proves callers and tokens. It is a *verify.Verifier.
type Verifier interface {
	Client(ctx context.Context, at verify.At, c verify.Credentials) (verify.ClientAuth, error)
	AccessToken(ctx context.Context, at verify.At, compact string) (verify.Held, error)
	Presented(ctx context.Context, at verify.At, p verify.Presented) (verify.Held, error)
	AnyToken(ctx context.Context, at verify.At, compact string) (verify.Held, error)
}

// Keys sign answers.
type Keys interface {
	Sign(ctx context.Context, r *realm.Realm, alg, typ string, c *token.Claims) (string, error)
}

// Policies are the realm's client policies. It is a police.Judge, and not asked in a realm without.
type Policies interface {
	Judge(ctx context.Context, r *realm.Realm, f policy.Facts, e *event.Event) (policy.Verdict, error)
}

// Limits hold callers to the limits of their realm. It is a *limit.Rates, and not asked in a realm without.
type Limits interface {
	Allow(ctx context.Context, r *realm.Realm, q limit.Request) error
}

// Events keeps what happened.
type Events interface {
	Record(ctx context.Context, e event.Event)
}

var errRealmOff = oauth.Errorf(oauth.AccessDenied, "Realm not enabled").InEvent("realm_disabled", "")

// turn is one request on its way: where and when it asks, and the event that it becomes.
type turn struct {
	*Inspector
	at    verify.At
	event event.Event
}

// begin reads clock and realm. An error means that there is no such realm, and nowhere to record
// anything.
func (i *Inspector) begin(ctx context.Context, kind event.Kind, name, base, address string) (*turn, error) {
	r, err := i.Realms.Realm(ctx, name)
	if err != nil {
		return nil, err
	}
	now := i.Now()
	return &turn{
		Inspector: i,
		at:        verify.At{Realm: r, Base: base, Now: now},
		event:     event.Event{ID: i.NewID(), Time: now, Kind: kind, Realm: r.Key, RealmName: r.Name, Address: address},
	}, nil
}

// end records the turn, whatever became of it and though the caller may have gone.
func (t *turn) end(ctx context.Context, err error) {
	if err != nil {
		t.event.Fail(err)
	}
	t.Events.Record(context.WithoutCancel(ctx), t.event)
}

// police holds the request of a client against the realm's client policies.
func (t *turn) police(ctx context.Context, c *realm.Client, f policy.Facts) error {
	if len(t.at.Realm.Policies) == 0 {
		return nil
	}
	f.Issuer, f.Client = t.at.Realm.Issuer(t.at.Base), c
	_, err := t.Policies.Judge(ctx, t.at.Realm, f, &t.event)
	return err
}

// about puts what is known of a token into the event.
func (t *turn) about(h *verify.Held) {
	if h.User != nil {
		t.event.UserID = h.User.ID
		t.event.Set("username", h.User.Username)
	}
	if h.Session != nil {
		t.event.Session = h.Session.ID
	}
}

// request asks the heart for the claims that mappers write now for what a token stands for.
func (t *turn) request(h *verify.Held, use mapper.Use) mint.Request {
	q := audience.Request{
		Realm:   t.at.Realm,
		Issuer:  t.at.Realm.Issuer(t.at.Base),
		Client:  h.Client,
		User:    h.User,
		Session: h.Session,
		Scope:   h.Token.Scopes(),
		Use:     use,
	}
	if use == mapper.Introspection {
		q.Audiences, q.Permitted = filter(h)
		q.Within = audience.BoundOf(q.Realm, q.Scope, h.Token.Path)
	}
	resolved := audience.Resolve(q)
	return mint.Request{
		For:    &resolved,
		Base:   t.at.Base,
		Grant:  h.Grant,
		Origin: h.Token.Origin,
		Now:    t.at.Now,
	}
}
