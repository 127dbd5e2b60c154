package grant

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Refresh gives new tokens for a refresh token. Everything that the first tokens were given for is asked
// again: a right that was lost meanwhile is not renewed.
func (i *Issuer) Refresh(ctx context.Context, q RefreshRequest) (resp *Response, err error) {
	t, err := i.begin(ctx, event.RefreshToken, oauth.RefreshToken, q.Call)
	if err != nil {
		return nil, err
	}
	defer func() { t.end(ctx, err) }()

	if err := t.authenticate(ctx); err != nil {
		return nil, err
	}
	if q.RefreshToken == nil {
		return nil, oauth.Errorf(oauth.InvalidRequest, "No refresh token").InEvent("invalid_token", "No refresh token")
	}
	if err := t.checkScope(); err != nil {
		return nil, err
	}
	held, err := t.refreshed(ctx, *q.RefreshToken)
	if err != nil {
		return nil, err
	}
	if err := t.checkHolder(&held.Token); err != nil {
		return nil, err
	}
	if err := t.count(ctx, realm.ByUser, held.User.ID); err != nil {
		return nil, err
	}
	if err := t.within(held.Token.RequestedResource); err != nil {
		return nil, err
	}
	if err := t.police(ctx, refreshFacts(&held.Token)); err != nil {
		return nil, err
	}
	found, err := t.renew(ctx, held)
	if err != nil {
		return nil, err
	}
	if err := t.checkConsent(held, found); err != nil {
		return nil, err
	}
	if err := t.checkOffline(ctx, held, found); err != nil {
		return nil, err
	}
	heir := t.heir(held)
	next, err := t.rotate(*held.Grant, &held.Token, heir)
	if err != nil {
		return nil, t.punish(ctx, held, err)
	}
	resp, err = t.issue(ctx, issue{
		user: held.User, session: held.Session, grant: &next, found: found,
		origin:  token.Origin{Session: sessionKind(held.Session), Grant: token.ByRefresh},
		expires: t.accessExpires(held.Session, &next),
		openID:  asks(next.Scope, oauth.ScopeOpenID), // of the latest request, whatever this token has
		path:    held.Token.Path,
		actor:   held.Token.Actor,
		mayAct:  held.Token.MayAct,
		refresh: heir,
	})
	if err != nil {
		return nil, err
	}
	if err := t.spend(ctx, held, next, heir); err != nil {
		return nil, err
	}
	return resp, nil
}

// refreshed proves the refresh token, and names it in the event.
func (t *turn) refreshed(ctx context.Context, compact string) (verify.Held, error) {
	held, err := t.Verifier.RefreshToken(ctx, t.at, t.client, compact)
	t.event.Session = held.Token.Session
	t.event.Set("refresh_token_id", held.Token.ID)
	t.event.Set("refresh_token_type", held.Token.Type)
	if err != nil {
		return held, verify.RefreshRefusal(err)
	}
	t.event.UserID = held.User.ID
	return held, nil
}

// renew finds where the new access token may be used: as the first one, with what the user may today.
// What came of an exchange is decided like one, with the audiences that it was narrowed to.
func (t *turn) renew(ctx context.Context, held verify.Held) (*audience.Resolution, error) {
	scope := t.narrowed(&held.Token)
	if len(held.Token.Path) == 0 && held.Grant.Method != methodExchange {
		return t.resolve(held.User, held.Session, scope), nil
	}
	caller, err := t.callerFacts(ctx)
	if err != nil {
		return nil, err
	}
	audiences, err := t.filter(&held.Token)
	if err != nil {
		return nil, err
	}
	acting, err := t.acting(ctx, held.Token.Actor)
	if err != nil {
		return nil, err
	}
	ask := exchange.Renewal{
		Realm: t.at.Realm, Issuer: t.at.Realm.Issuer(t.at.Base), Client: t.client,
		User: held.User, Session: held.Session, Scope: scope, Held: held.Token.Scopes(),
		Audiences: audiences, Path: held.Token.Path, MayAct: held.Token.MayAct, Acting: acting, Caller: caller,
	}
	d := t.decide(func(explain bool) exchange.Decision {
		ask.Explain = explain
		return exchange.Renew(ask)
	})
	t.event.Decision.Renewed(ask, d)
	if d.Refuse != nil {
		return nil, d.Refuse
	}
	return &d.Grant.Resolution, nil
}

// narrowed is the scope of the refresh token, or what of it is asked for (RFC 6749 §6). Words that it does not
// have are passed over. Offline access is not given up: it is what the token lives by.
func (t *turn) narrowed(old *token.Verified) string {
	scope := old.Scopes()
	if t.call.Scope == nil {
		return scope
	}
	words := strings.Split(scope, " ")
	return strings.Join(slices.DeleteFunc(words, func(w string) bool {
		return !asks(*t.call.Scope, w) && (w != oauth.ScopeOffline || old.Type != token.TypOffline)
	}), " ")
}

// checkConsent asks that the user still allows the client the scopes in play, where that is needed.
func (t *turn) checkConsent(held verify.Held, found *audience.Resolution) error {
	if !t.client.ConsentRequired || len(held.User.Withheld(t.client.Key, found.Scopes)) == 0 {
		return nil
	}
	const text = "Client no longer has requested consent from user"
	return oauth.Errorf(oauth.InvalidScope, text).InEvent("invalid_token", text)
}

// checkOffline asks that what an offline token lives by is still there: the scope at the client, and the
// role at the user. Else the client's part of the offline session ends.
func (t *turn) checkOffline(ctx context.Context, held verify.Held, found *audience.Resolution) error {
	if !held.Session.Offline {
		return nil
	}
	scope := t.at.Realm.Scope(oauth.ScopeOffline)
	if scope != nil && slices.Contains(found.Scopes, scope) && mayStayOffline(found) {
		return nil
	}
	_, err := t.Sessions.EndGrant(ctx, t.at.Realm.Key, held.Session.ID, t.client.Key, true, t.at.Now)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return err
	}
	const text = "Offline session invalid because offline access not granted anymore"
	return oauth.Errorf(oauth.InvalidGrant, text).InEvent("invalid_token", text)
}

// heir is the token that takes the place of the old one; nil for clients that get none, or that a policy gives none.
func (t *turn) heir(held verify.Held) *family {
	if t.client.Tokens.NoRefresh || t.verdict.KeepRefresh {
		return nil
	}
	f := t.newFamily(held.Session, held.Grant)
	f.before = &held.Token
	if f.reuse != "" {
		f.reuse = held.Token.Family()
	}
	t.event.Set("updated_refresh_token_id", f.id)
	return f
}

// rotate is the grant after the use of a refresh token. Where tokens do not rotate it was just used.
func (t *turn) rotate(g session.Grant, used *token.Verified, heir *family) (session.Grant, error) {
	if !t.at.Realm.Lifespans.RotateRefresh {
		g.LastAccess = t.at.Now
		return g, nil
	}
	use := session.Use{Family: used.Family(), Token: used.ID, Reuse: t.at.Realm.Lifespans.RefreshReuse, Now: t.at.Now}
	if heir != nil {
		use.Heir, use.Until = heir.id, heir.until
	}
	return g.Rotate(use)
}

// punished is for how long the tokens of a grant that was ended are remembered: until they are older than what the
// client may be granted next in the same session, in spite of clocks that differ.
const punished = time.Minute

// punish ends the grant whose refresh token was used once too often: one of those who used it stole it.
func (t *turn) punish(ctx context.Context, held verify.Held, why error) error {
	f := held.Grant.Families[held.Token.Family()]
	for _, id := range append([]string{held.Token.ID, f.Used}, f.Heirs...) {
		if err := t.Marks.Revoke(ctx, t.at.Realm.Key, id, t.at.Now.Add(punished)); err != nil {
			return err
		}
	}
	if err := t.Sessions.DropGrant(ctx, t.at.Realm.Key, held.Session.ID, t.client.Key, held.Session.Offline, t.at.Now); err != nil {
		return err
	}
	text := "Maximum allowed refresh token reuse exceeded"
	if errors.Is(why, session.ErrSpent) {
		text = "Stale token"
	}
	return oauth.Errorf(oauth.InvalidGrant, "%s", text).InEvent("invalid_token", text).Because(why)
}

// spend keeps the grant as it is after the use: from then on the refresh token is used up. Where somebody
// else changed the grant meanwhile, on whichever node, what they left decides.
func (t *turn) spend(ctx context.Context, held verify.Held, next session.Grant, heir *family) error {
	prev := *held.Grant
	for {
		err := t.Sessions.Refresh(ctx, t.at.Realm.Key, prev, next)
		if !errors.Is(err, fault.ErrStale) {
			return over(err)
		}
		now, err := t.Sessions.Grant(ctx, t.at.Realm.Key, prev.Session, prev.Client, prev.Offline)
		if err != nil {
			return over(err)
		}
		prev = *now
		if next, err = t.rotate(prev, &held.Token, heir); err != nil {
			return t.punish(ctx, held, err)
		}
	}
}

// over is the refusal of a refresh token whose grant ended while it was used.
func over(err error) error {
	if errors.Is(err, fault.ErrNotFound) {
		return verify.RefreshRefusal(&verify.Failure{Reason: verify.GrantGone, Cause: err})
	}
	return err
}

// sessionKind is the kind of session that tokens with a part in s have behind them.
func sessionKind(s *session.Session) token.SessionKind {
	if s.Offline {
		return token.Offline
	}
	return token.Online
}
