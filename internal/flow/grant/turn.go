package grant

import (
	"context"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/decision"
	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// turn is one request on its way through a grant. Every grant begins with begin and authenticate,
// and ends with end, which records what happened.
type turn struct {
	*Issuer
	call    Call
	limited realm.Asked // what limits call it
	at      verify.At
	client  *realm.Client // set by authenticate
	caller  policy.Facts  // what authenticate proved of it
	verdict policy.Verdict
	adopted bool         // the request did not name the client: its token did
	proof   *proof.Proof // that the caller has a key, set by authenticate; nil: none came
	foreign *foreign     // another issuer's token is exchanged; nil: the realm's own
	event   event.Event

	resources []string // that the tokens are for (RFC 8707), set by authenticate; nil: none was named
	targets   []string // the clients that these are of, the only audiences

	sources []*token.Confirmation // what binds the tokens that those of this turn come of
}

// begin reads clock and realm. An error means that there is no such realm, and nowhere to record
// anything.
func (i *Issuer) begin(ctx context.Context, kind event.Kind, grant oauth.GrantType, q Call) (*turn, error) {
	r, err := i.Realms.Realm(ctx, q.Realm)
	if err != nil {
		return nil, err
	}
	t := &turn{Issuer: i, call: q, at: verify.At{Realm: r, Base: q.Base, Now: i.Now()}}
	t.event = event.Event{
		ID: i.NewID(), Time: t.at.Now, Kind: kind,
		Realm: r.Key, RealmName: r.Name, Address: q.Address,
	}
	if grant == oauth.TokenExchange {
		t.limited = realm.AskedExchange
	}
	t.event.Set("grant_type", string(grant))
	if r.Log.On() {
		t.event.Decision = decision.Begin(t.event.ID, string(grant), r, r.Issuer(q.Base))
	}
	return t, nil
}

// end records the turn, whatever became of it and though the caller may have gone.
func (t *turn) end(ctx context.Context, err error) {
	if err != nil {
		t.event.Fail(err)
	}
	t.event.Decision.End(t.event.Client, err)
	if !t.keepsTrace(err != nil) {
		t.event.Trace = nil
	}
	t.Events.Record(context.WithoutCancel(ctx), t.event)
}

// keepsTrace tells whether the realm keeps the traces of events like this one.
func (t *turn) keepsTrace(refused bool) bool {
	switch t.at.Realm.Events.Trace {
	case "all":
		return true
	case "none":
		return false
	}
	return refused
}

// decide takes a decision: with a trace where the realm keeps that of every event, and once more with one
// after a refusal where it keeps that, so that the good path pays nothing for it.
func (t *turn) decide(decide func(explain bool) exchange.Decision) exchange.Decision {
	d := decide(t.keepsTrace(false))
	if d.Refuse != nil && d.Trace == nil && t.keepsTrace(true) {
		d = decide(true)
	}
	t.event.Trace = d.Trace
	return d
}

// authenticate proves which client asks, and that its request may be looked at.
func (t *turn) authenticate(ctx context.Context) error {
	if err := t.enter(ctx); err != nil {
		return err
	}
	return t.identifyClient(ctx)
}

// enter comes before everything that costs something: it refuses what is asked of a realm that is switched off, and
// addresses that ask too often, whoever they say they are.
func (t *turn) enter(ctx context.Context) error {
	if !t.at.Realm.Enabled {
		return oauth.Errorf(oauth.AccessDenied, "Realm not enabled").InEvent("realm_disabled", "")
	}
	return t.count(ctx, realm.ByAddress, t.call.Address)
}

// count refuses a request that is one too many for whom it is counted by, where the realm has a limit.
func (t *turn) count(ctx context.Context, by realm.Axis, who string) error {
	if !t.at.Realm.Limits.On() {
		return nil
	}
	return t.Limits.Allow(ctx, t.at.Realm, limit.Request{Asked: t.limited, By: by, Who: who, Now: t.at.Now})
}

// identifyClient proves which client asks.
func (t *turn) identifyClient(ctx context.Context) error {
	a, err := t.Verifier.Client(ctx, t.at, t.call.Credentials)
	a.Note(&t.event)
	if err != nil {
		return err
	}
	t.caller.Method, t.caller.Assertion = a.Method, a.Signed()
	return t.admit(ctx, a.Client)
}

// admit checks what concerns every grant of a client that is known, in Keycloak's order.
func (t *turn) admit(ctx context.Context, c *realm.Client) error {
	t.client = c
	t.event.Decision.Of(c, t.call.Scope)
	if err := t.count(ctx, realm.ByClient, c.Key); err != nil {
		return err
	}
	switch {
	case t.call.Origin != "" && !t.hears(t.call.Origin):
		return oauth.Errorf(oauth.InvalidOrigin, "").InEvent("invalid_request", "invalid origin")
	case !c.OIDC():
		return oauth.Errorf(oauth.InvalidClient, "Wrong client protocol.").InEvent("invalid_client", "")
	case c.BearerOnly:
		return oauth.Errorf(oauth.InvalidClient, "Bearer-only not allowed").InEvent("invalid_client", "")
	case t.call.Repeated:
		return oauth.Errorf(oauth.InvalidRequest, "duplicated parameter").InEvent("invalid_request", "duplicated parameter")
	case c.Tokens.BindTLS && t.proved().Certificate == "":
		const text = "Client Certification missing for MTLS HoK Token Binding"
		return oauth.Errorf(oauth.InvalidRequest, text).InEvent("invalid_request", text)
	}
	if err := t.readResource(); err != nil {
		return err
	}
	return t.prove(ctx)
}

// hears tells whether a page of this origin may call as the client: also where its redirect URIs are, if
// its token speaks for it.
func (t *turn) hears(origin string) bool {
	return t.client.AllowsOrigin(t.call.Base, origin) || t.adopted && slices.Contains(t.client.RedirectOrigins(t.call.Base), origin)
}

// checkScope refuses a scope parameter that names what is no scope of the client.
func (t *turn) checkScope() error {
	if t.call.Scope == nil {
		return nil
	}
	if _, ok := t.at.Realm.ScopesOf(t.client, *t.call.Scope); !ok {
		text := "Invalid scopes: " + *t.call.Scope
		return oauth.Errorf(oauth.InvalidScope, "%s", text).InEvent("invalid_request", text)
	}
	return nil
}

// scope is the scope parameter, or "" where none came.
func (t *turn) scope() string {
	if t.call.Scope == nil {
		return ""
	}
	return *t.call.Scope
}

// about names the user in the event.
func (t *turn) about(u *user.User) {
	t.event.UserID = u.ID
	t.event.Set("username", u.Username)
}

// notBefore is the latest of the marks below which tokens of this user at this client are refused.
func (t *turn) notBefore(u *user.User) int64 {
	return max(t.at.Realm.NotBefore, t.client.NotBefore, u.NotBefore)
}
