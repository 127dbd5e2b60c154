package grant

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/assertion"
	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// JWTBearerRequest asks for tokens by an assertion of an identity provider (RFC 7523 §2.1).
type JWTBearerRequest struct {
	Call
	Assertion *string
}

// Foreigners are those whom tokens of identity providers speak of. It is a broker.Foreigners.
type Foreigners interface {
	// Vouched is what a JWT is worth that a provider is said to have signed.
	Vouched(ctx context.Context, at verify.At, s *federation.Settings, compact string) (verify.Credit, error)
	// Linked is nil where nobody is linked to the account.
	Linked(ctx context.Context, r *realm.Realm, alias, subject string) (*user.User, error)
}

// JWTBearer gives tokens for an assertion of an identity provider, for the user whom it speaks of. No session comes of
// it, and no refresh token: for more there has to be another assertion.
func (i *Issuer) JWTBearer(ctx context.Context, q JWTBearerRequest) (resp *Response, err error) {
	t, err := i.begin(ctx, event.JWTGrant, oauth.JWTBearer, q.Call)
	if err != nil {
		return nil, err
	}
	defer func() { t.end(ctx, err) }()

	if err := t.authenticate(ctx); err != nil {
		return nil, err
	}
	a := t.assertionRequest(q)
	sight := t.examine(a) // what it says, and whose it is
	if sight.Refuse != nil {
		return nil, sight.Refuse
	}
	found, cause, err := t.lookInto(ctx, a, sight, *q.Assertion) // whether that is so, and who is meant
	if err != nil {
		return nil, err
	}
	if found.Audiences, err = t.resourcesOf(a.Assertion, sight); err != nil {
		return nil, err
	}
	d, err := t.judgeUnderPolicies(ctx, a, found, *q.Assertion)
	if err != nil {
		return nil, err
	}
	if d.Refuse != nil {
		return nil, d.Refuse.Because(cause)
	}
	if err := t.count(ctx, realm.ByUser, found.User.ID); err != nil {
		return nil, err
	}
	return t.issue(ctx, t.vouched(found, d))
}

// assertionRequest is the request as core/assertion decides it.
func (t *turn) assertionRequest(q JWTBearerRequest) assertion.Request {
	a := assertion.Request{Realm: t.at.Realm, Issuer: t.at.Realm.Issuer(t.at.Base), Client: t.client,
		Scope: q.Scope, Proved: t.proved(), Now: t.at.Now, Given: q.Assertion != nil}
	if a.Given {
		if says, err := federation.Peek(*q.Assertion); err == nil {
			a.Assertion = &says
		}
	}
	return a
}

// examine judges the assertion at sight, and tells the event what it says.
func (t *turn) examine(a assertion.Request) assertion.Sight {
	if a.Assertion != nil {
		t.event.Set("identity_provider_issuer", a.Assertion.Issuer)
		t.event.Set("identity_provider_user_id", a.Assertion.Subject)
	}
	a.Explain = t.keepsTrace(false)
	sight := assertion.Examine(a)
	if sight.Refuse != nil && sight.Trace == nil && t.keepsTrace(true) {
		a.Explain = true
		sight = assertion.Examine(a)
	}
	t.event.Trace = sight.Trace
	if sight.Provider != nil {
		t.event.Set("identity_provider", sight.Provider.Alias)
	}
	return sight
}

// lookInto finds out what an assertion is worth, as far as it goes: what is not believed is not looked into further. Its
// signature comes before its jti is used up, so that nobody else can use that up; cause is why it is not believed.
func (t *turn) lookInto(ctx context.Context, a assertion.Request, sight assertion.Sight, compact string) (f assertion.Found, cause, err error) {
	f.Provider = *sight.Provider
	credit, err := t.Foreigners.Vouched(ctx, t.at, sight.Provider, compact)
	if f.Flaw, f.Path = credit.Flaw, credit.Path; err != nil || f.Flaw != "" {
		return f, credit.Cause, err
	}
	if sight.Once {
		first, err := t.useAssertion(ctx, a.Assertion, sight)
		if err != nil {
			return f, nil, err
		}
		if !first {
			f.Flaw = federation.Reused
			return f, nil, nil
		}
	}
	if f.User, err = t.Foreigners.Linked(ctx, t.at.Realm, f.Provider.Alias, a.Assertion.Subject); err != nil || f.User == nil {
		return f, nil, err
	}
	f.Locked, f.Pending, err = t.obstacles().Of(ctx, t.at, f.User, t.client, t.scope())
	return f, nil, err
}

// purposeGrant keeps the jti of assertions apart from other one-time values.
const purposeGrant = "jwt-grant"

// useAssertion uses up the jti of an assertion, on every node. It is the issuer's: two providers may use the same.
func (t *turn) useAssertion(ctx context.Context, a *federation.Foreign, sight assertion.Sight) (first bool, err error) {
	return t.Once.UseOnce(ctx, t.at.Realm.Key, purposeGrant, sight.Provider.Alias+" "+a.ID, sight.Until.Add(clockDrift))
}

// clockDrift is by how much the clocks of two nodes may differ.
const clockDrift = 2 * time.Second

// judge decides, and tells the event of whom.
func (t *turn) judge(a assertion.Request, f assertion.Found) assertion.Decision {
	a.Explain = t.keepsTrace(false)
	d := assertion.Decide(a, f)
	if d.Refuse != nil && d.Trace == nil && t.keepsTrace(true) {
		a.Explain = true
		t.event.Trace = assertion.Examine(a).Trace
		d = assertion.Decide(a, f)
	}
	t.event.Trace.Join(d.Trace)
	if d.Stranger() {
		return d
	}
	t.about(f.User)
	return d
}

// resourcesOf are the clients that the tokens are to be for.
func (t *turn) resourcesOf(a *federation.Foreign, sight assertion.Sight) (targets []string, err error) {
	t.resources, t.targets, err = assertion.Resources(t.at.Realm, *a, sight, t.resources)
	return t.targets, err
}

// vouched is what is given out for a user whom a provider vouches for.
func (t *turn) vouched(f assertion.Found, d assertion.Decision) issue {
	t.stayBound(d.Bonds.Confirmation)
	s := d.Resolution.Session
	w := issue{
		user: f.User, session: s, found: d.Resolution, path: f.Path,
		origin:  token.Origin{Session: token.Transient, Grant: token.ByAssertion},
		expires: t.accessExpires(s, nil), openID: asks(t.scope(), oauth.ScopeOpenID),
		actor: d.Bonds.Actor, mayAct: d.Bonds.MayAct,
	}
	if !d.NotAfter.IsZero() && d.NotAfter.Before(w.expires) {
		w.expires = d.NotAfter
	}
	return w
}
