package broker

import (
	"context"
	"errors"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// Arrival is a browser that comes back from a provider (RFC 6749 §4.1.2, OpenID Connect Core §3.1.2.5).
type Arrival struct {
	authorize.Call
	Alias string
	Query url.Values
}

// Arrive takes a browser back from a provider, and signs in who comes, or leads on to the first login; or it asks who
// is signed in already whether to link their account. An unknown provider, or one that is switched off, is a
// *fault.NotFound.
func (b *Broker) Arrive(ctx context.Context, q Arrival) (*authorize.Outcome, error) {
	r, err := b.Realms.Realm(ctx, q.Realm)
	if err != nil {
		return nil, err
	}
	c, err := b.Book.of(ctx, r)
	if err != nil {
		return nil, err
	}
	p := c.provider(q.Alias)
	if p == nil {
		return nil, &fault.NotFound{Message: "Identity Provider [" + q.Alias + "] not found."}
	}
	if !q.Query.Has("state") {
		return b.lost(ctx, r, q.Call, q.Alias, page.T("identityProviderMissingStateMessage")), nil
	}
	back, ok := readState(q.Query.Get("state"))
	if !ok || r.Client(back.Get("client_id")) == nil {
		return b.lost(ctx, r, q.Call, q.Alias, page.T(unexpected)), nil
	}
	t, o, err := b.Sign.ResumeReturn(ctx, authorize.ContinueRequest{Call: q.Call, Path: login.Authenticate, Query: back})
	if o != nil || err != nil {
		return o, err
	}
	way, ok := under(t, p.Alias, q.Query.Get("state"))
	if !ok {
		return b.Sign.ShowExpired(t), nil
	}
	b.describe(t, way.kind(), p.Alias)
	if way.Owner != nil {
		t.Event.UserID = way.Owner.User
	}
	if o, err := b.Sign.Hold(ctx, t); o != nil || err != nil {
		return o, err
	}
	if way.Owner != nil && !way.Owner.asks(t, p) {
		return b.estranged(ctx, t), nil
	}
	return b.answered(ctx, t, p, way, q.Query)
}

// answered reads the provider's answer to a trip.
func (b *Broker) answered(ctx context.Context, t *authorize.Turn, p *Provider, way trip, q url.Values) (*authorize.Outcome, error) {
	if iss := q.Get("iss"); q.Has("iss") && len(p.Issuers) > 0 && !p.MayBe(iss) {
		// The answer is that of another provider than the one that was asked (RFC 9207 §2.4).
		return b.fails(ctx, t, errors.New("the parameter iss names another issuer"), badRequest), nil
	}
	switch code, failure := q.Get("code"), q.Get("error"); {
	case failure == string(oauth.AccessDenied) && way.Owner != nil:
		return b.declined(ctx, t)
	case failure != "" && way.Owner != nil:
		return b.fails(ctx, t, errors.New("the provider answered "+printable(failure)), badRequest), nil
	case failure != "":
		return b.turnedAway(ctx, t, p, failure)
	case code == "":
		return b.Sign.ShowError(ctx, t, refusal(failedProvider, "neither code nor error"), badRequest, page.T("identityProviderMissingCodeOrErrorMessage")), nil
	default:
		who, err := b.redeem(ctx, t, p, way, code)
		if err != nil {
			return b.fails(ctx, t, err, badGateway), nil
		}
		if way.Owner != nil {
			return b.propose(ctx, t, p, way, who)
		}
		return b.welcome(ctx, t, p, who)
	}
}

// turnedAway is the sign-in page for who comes back with an error.
func (b *Broker) turnedAway(ctx context.Context, t *authorize.Turn, p *Provider, failure string) (*authorize.Outcome, error) {
	text := page.T(unexpected)
	if failure == string(oauth.AccessDenied) {
		text = page.T("accessDeniedMessage", p.Name)
	}
	b.Sign.Record(ctx, t, refusal(failedProvider, "the provider answered "+printable(failure)))
	return b.Sign.ShowSignIn(ctx, t, page.Notice{Kind: page.Fail, Text: text})
}

// printable is what somebody sent as far as events should have it.
func printable(text string) string {
	const most = 64
	out := []rune(text)
	out = out[:min(len(out), most)]
	for i, c := range out {
		if c < ' ' || c > '~' {
			out[i] = '?'
		}
	}
	return string(out)
}

// fails tells the user that the provider did not do as it should, and administrators what.
func (b *Broker) fails(ctx context.Context, t *authorize.Turn, err error, status int) *authorize.Outcome {
	return b.Sign.ShowError(ctx, t, refusal(failedProvider, reasonOf(err)), status, page.T(unexpected))
}

// reasonOf is what an error of a provider's says, without what may be secret in it.
func reasonOf(err error) string {
	if r, ok := errors.AsType[*federation.Refusal](err); ok {
		return "the provider refused: " + printable(r.Code)
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		return "the provider cannot be reached: " + u.Err.Error()
	}
	return err.Error()
}

// welcome signs in whom the provider vouches for, where they are known, or leads on to the first login.
func (b *Broker) welcome(ctx context.Context, t *authorize.Turn, p *Provider, who *visitor) (*authorize.Outcome, error) {
	t.Event.Set("identity_provider_identity", who.Person.Username)
	if p.LinkOnly { // since the browser left
		return b.Sign.ShowError(ctx, t, refusal(failedProvider, "the provider is for linking only"), badRequest, page.T(unexpected)), nil
	}
	u, err := b.linked(ctx, t, p, who)
	switch {
	case err != nil:
		return nil, err
	case u != nil:
		return b.enter(ctx, t, p, who, u)
	}
	if err := who.keep(t); err != nil {
		return nil, err
	}
	return b.Sign.LeadTo(ctx, t, login.FirstBroker)
}

// linked is the user who is linked to a visitor; nil where nobody is.
func (b *Broker) linked(ctx context.Context, t *authorize.Turn, p *Provider, who *visitor) (*user.User, error) {
	return b.foreigners().Linked(ctx, t.Realm(), p.Alias, who.Person.ID)
}

// enter signs a known user in.
func (b *Broker) enter(ctx context.Context, t *authorize.Turn, p *Provider, who *visitor, u *user.User) (*authorize.Outcome, error) {
	t.Event.UserID = u.ID
	t.Event.Set("username", u.Username)
	why, message, err := b.Sign.Locked(ctx, t, u)
	if err != nil {
		return nil, err
	}
	if why != nil {
		return b.Sign.ShowError(ctx, t, why, badRequest, page.T(message)), nil
	}
	notes, trace, err := b.sync(ctx, t.Realm(), p, who, u)
	t.Event.Trace = trace
	if err != nil {
		return nil, err
	}
	return b.accept(ctx, t, p, who, u.ID, notes)
}

// accept ends the way through a provider: its user goes on as one who signed in.
func (b *Broker) accept(ctx context.Context, t *authorize.Turn, p *Provider, who *visitor, userID string, notes map[string]string) (*authorize.Outcome, error) {
	u, err := b.Users.User(ctx, t.Realm().Key, userID)
	if err != nil {
		return nil, err
	}
	if now := t.Identity().User; now != nil && now.ID != u.ID {
		return b.Sign.ShowError(ctx, t, refusal("different_user_authenticated", ""), badRequest, page.T("differentUserAuthenticated", now.Username)), nil
	}
	if err := b.keepTokens(ctx, t, p, who, u.ID); err != nil {
		return nil, err
	}
	t.Attempt.Origin = &login.Origin{Notes: notes, AskMore: p.PostLoginFlow != "", Origin: session.Origin{Provider: p.Alias, Subject: who.Person.ID,
		Username: who.Person.Username, SID: who.Person.SessionID, IDToken: who.IDToken}}
	t.Event.Kind = "LOGIN"
	return b.Sign.Accept(ctx, t, u, login.Factor{Name: login.FactorProvider, At: t.At.Now})
}

// keepTokens keeps what the provider answered, where it is configured so.
func (b *Broker) keepTokens(ctx context.Context, t *authorize.Turn, p *Provider, who *visitor, userID string) error {
	if !p.StoreToken {
		return nil
	}
	return b.Tokens.KeepProviderToken(ctx, t.Realm().Key, userID, p.Alias, []byte(who.Answer))
}

// lost is the page for who brings nothing that leads to an attempt. Its id is that of the event.
func (b *Broker) lost(ctx context.Context, r *realm.Realm, q authorize.Call, alias string, text page.Text) *authorize.Outcome {
	e := event.Event{ID: b.NewID(), Time: b.Now(), Kind: eventLogin, Realm: r.Key, RealmName: r.Name, Address: q.Address}
	e.Set("identity_provider", alias)
	e.Fail(refusal(failedProvider, "the parameter state is missing, or not ours"))
	b.Events.Record(context.WithoutCancel(ctx), e)
	return &authorize.Outcome{Page: page.Error{Message: text, ID: e.ID}, Status: badRequest}
}
