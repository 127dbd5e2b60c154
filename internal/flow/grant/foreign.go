package grant

import (
	"context"
	"maps"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// foreign is the exchange of a token that another issuer than the realm issued.
type foreign struct {
	exchange.Foreign
	realm *realm.Realm
	guest verify.Guest // who the token speaks of

	session *session.Session // that begins for them; nil where the token is not believed or nobody is known
	part    *session.Grant   // the requester's, in it
}

// abroad tells that a request is about a token of another issuer; nil where it is about one of the realm. It says so by
// subject_issuer, or by a JWT that names its issuer, which only counts where such tokens may be brought.
func (t *turn) abroad(q ExchangeRequest, may bool) *foreign {
	name, here := "", t.at.Realm.Issuer(t.at.Base)
	switch {
	case !may, q.RequestedIssuer != nil: // both are of the realm's own tokens only
		return nil
	case q.SubjectIssuer != nil:
		name = *q.SubjectIssuer
	case q.SubjectToken == nil || q.SubjectTokenType == nil || *q.SubjectTokenType != string(oauth.TypeJWT):
		return nil
	default:
		f, err := federation.ReadUnverified(*q.SubjectToken) // to find who could have signed it, no more
		if err != nil || f.Issuer == "" {
			return nil
		}
		name = f.Issuer
	}
	by := exchange.ForeignBy(t.at.Realm, here, name)
	if by == nil {
		return nil
	}
	return &foreign{Foreign: *by, realm: t.at.Realm}
}

// standIn is the client that asks where the request names none; nil where none may.
func (f *foreign) standIn() *realm.Client {
	if f.Provider == nil || !exchange.Trusts(f.Provider) {
		return nil
	}
	return exchange.StandsIn(f.realm, f.Provider)
}

// welcome verifies the subject token of another issuer, and finds its user. Nothing is fetched, and nobody made, for an
// issuer that is not trusted.
func (t *turn) welcome(ctx context.Context, q ExchangeRequest) (held verify.Held, flaw string, err error) {
	f := t.foreign
	t.event.Set("subject_issuer", f.Name)
	if q.SubjectToken == nil || q.SubjectTokenType == nil || f.Provider == nil || !exchange.Trusts(f.Provider) {
		return held, "", nil
	}
	f.guest, err = t.Abroad.Subject(ctx, t.at, verify.Abroad{
		Provider: f.Provider, Compact: *q.SubjectToken, Type: oauth.TokenType(*q.SubjectTokenType)})
	if err != nil {
		return held, "", err
	}
	t.event.Set("validation_method", "signature")
	f.Flaw, f.Standing = f.guest.Flaw, f.guest.Standing
	if f.guest.Token == nil {
		return held, f.guest.Why, nil
	}
	t.event.Set("identity_provider", f.Provider.Alias)
	held.Token, held.User = *f.guest.Token, f.guest.User
	return held, "", t.checkGuest(ctx)
}

// takeIn makes the account of the user of another issuer's token who has none, or has the provider's mappers change it, now
// that everything else is granted, and decides again for the user as they are then. Others stay as they were.
func (t *turn) takeIn(ctx context.Context, q ExchangeRequest, held verify.Held, ask exchange.Request, d exchange.Decision) (verify.Held, exchange.Decision, error) {
	f := t.foreign
	if d.Refuse != nil || f == nil || f.guest.Admit == nil {
		return held, d, nil
	}
	var err error
	if f.guest, err = f.guest.Admit(ctx); err != nil {
		return held, d, err
	}
	held.User, f.Standing = f.guest.User, f.guest.Standing
	if f.guest.Made {
		t.recordMade(ctx)
	}
	if err := t.checkGuest(ctx); err != nil {
		return held, d, err
	}
	t.beginAnew()
	f.tell(&ask, true, held, "")
	return held, t.decideExchange(q, ask), nil
}

// checkGuest keeps out users who could not sign in.
func (t *turn) checkGuest(ctx context.Context) error {
	f, c := t.foreign, t.client
	if c == nil { // the request names none
		c = f.standIn()
	}
	err := f.guest.CheckObstacles(ctx, t.obstacles(), t.at, c, t.scope())
	f.Standing = f.guest.Standing
	return err
}

// obstacles tell what keeps users from signing in.
func (t *turn) obstacles() verify.Obstacles {
	return verify.Obstacles{Lockouts: t.Lockouts, Credentials: t.Users, Duties: t.Duties}
}

// recordMade records that an account was made for the user of the token.
func (t *turn) recordMade(ctx context.Context) {
	e := t.event
	e.ID, e.Kind, e.UserID = t.NewID(), event.Register, t.foreign.guest.User.ID
	e.Details = append([]event.Detail(nil), t.event.Details...)
	e.Set("register_method", "token-exchange")
	if u := t.foreign.guest.User; u.Email != "" {
		e.Set("email", u.Email)
	}
	t.Events.Record(context.WithoutCancel(ctx), e)
}

// tell puts the subject into the request that is decided.
func (f *foreign) tell(d *exchange.Request, came bool, held verify.Held, flaw string) {
	d.Foreign = &f.Foreign
	if !came {
		return
	}
	d.Subject = &exchange.Subject{Flaw: flaw}
	if f.guest.Token != nil {
		d.Subject.Token, d.Subject.User, d.Subject.Session = &held.Token, held.User, f.session
	}
}

// beginAnew begins a session for the user of another issuer's token, as a sign-in by the provider would. It is kept when
// something is given out.
func (t *turn) beginAnew() {
	f := t.foreign
	if f == nil || f.guest.User == nil {
		return
	}
	f.session, f.part = t.newSession(f.guest.User, oauth.TokenExchange)
	f.session.Offline, f.part.Offline, f.part.Method = false, false, methodExchange
	if f.session.Notes == nil {
		f.session.Notes = map[string]string{}
	}
	maps.Copy(f.session.Notes, f.guest.Notes)
}

// placeAnew is the session that was begun, and what the requester holds in it.
func (t *turn) placeAnew(_ context.Context, held verify.Held, d exchange.Decision) (*exchanged, error) {
	s, g := t.foreign.session, t.foreign.part
	x := &exchanged{held: held, kind: d.Grant.Type, issue: issue{
		user: held.User, session: s, grant: g, found: &d.Grant.Resolution,
		path: d.Grant.Path, actor: d.Grant.Actor, mayAct: d.Grant.MayAct,
		origin: token.Origin{Session: token.Online, Grant: token.ByUnknown},
	}}
	x.openID = asks(d.Grant.Resolution.Scope, oauth.ScopeOpenID)
	x.expires = d.Grant.Cap(t.accessExpires(s, g), t.event.Trace)
	if x.kind == oauth.TypeRefreshToken {
		x.refresh = t.newFamily(s, g)
		g.RefreshID = x.refresh.id
		t.event.Set("refresh_token_id", x.refresh.id)
		t.event.Set("refresh_token_type", token.TypRefresh)
	}
	return x, nil
}

// keepAnew keeps the session that was begun, and where its user came from, so that it ends when the provider says so.
func (t *turn) keepAnew(ctx context.Context, x *exchanged, _ string) error {
	t.event.Session = x.session.ID
	return t.Sessions.StartSessionFrom(ctx, t.at.Realm.Key, *x.session, *x.grant, t.foreign.guest.Origin)
}
