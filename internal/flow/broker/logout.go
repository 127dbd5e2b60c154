package broker

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// LogoutURL is where a browser goes that signs out, to sign out at the provider too that its user came from. It comes
// back with this state. Empty: nowhere. It is to be asked before the session ends.
func (b *Broker) LogoutURL(ctx context.Context, at verify.At, s *session.Session, state string) (string, error) {
	o, err := b.Sessions.Origin(ctx, at.Realm.Key, s.ID)
	if errors.Is(err, fault.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	c, err := b.Book.of(ctx, at.Realm)
	if err != nil {
		return "", err
	}
	p := c.provider(o.Provider)
	if p == nil {
		return "", nil
	}
	return p.LogoutURL(o.IDToken, state, at.Realm.Issuer(at.Base)+"/broker/"+p.Alias+"/endpoint/logout_response"), nil
}

// LogoutTokenRequest is a provider that ended a session (OpenID Connect Back-Channel Logout 1.0 §2.5).
type LogoutTokenRequest struct {
	Realm   *realm.Realm
	Base    string
	Address string
	Token   *string // parameter "logout_token"; nil: none came
}

// The refusals of logout tokens, in Keycloak's words.
var (
	errNoLogoutToken   = badLogoutToken("No logout token")
	errLogoutUnread    = badLogoutToken("The decode of the logoutToken failed")
	errLogoutNobodys   = badLogoutToken("No Identity Provider has been found")
	errLogoutForeign   = badLogoutToken("LogoutToken verification with identity provider failed")
	errLogoutSubject   = badLogoutToken("Missing claims in logout token")
	errLogoutEvent     = badLogoutToken("The LogoutToken event claim is not as expected")
	errLogoutNonce     = badLogoutToken("The LogoutToken contains nonce claim which is not allowed")
	errLogoutID        = badLogoutToken("The LogoutToken doesn't contain jti claim")
	errLogoutIssuedAt  = badLogoutToken("The LogoutToken doesn't contain iat claim")
	errLogoutTooOld    = badLogoutToken("The LogoutToken is too old")
	errLogoutUsed      = badLogoutToken("The LogoutToken was used before")
	logoutEvent        = "http://schemas.openid.net/event/backchannel-logout"
	purposeLogoutToken = "logout token "
)

// badLogoutToken refuses a logout token, for the reason that its sender is told.
func badLogoutToken(text string) *oauth.Error {
	return oauth.Errorf(oauth.InvalidRequest, "%s", text).InEvent("invalid_token", text)
}

// logoutLife is how old a logout token may be: the RFC has them short-lived, and what is older may be a copy.
const logoutLife = 10 * time.Minute

// SignedOut ends the sessions of who was signed out at a provider, and tells their clients. A refusal is an
// *oauth.Error. That there is no such session is none.
func (b *Broker) SignedOut(ctx context.Context, q LogoutTokenRequest) (err error) {
	at := verify.At{Realm: q.Realm, Base: q.Base, Now: b.Now()}
	e := event.Event{ID: b.NewID(), Time: at.Now, Kind: event.Logout, Realm: q.Realm.Key, RealmName: q.Realm.Name, Address: q.Address}
	defer func() {
		if err != nil {
			e.Fail(err)
			b.Events.Record(context.WithoutCancel(ctx), e)
		}
	}()
	if q.Token == nil {
		return errNoLogoutToken
	}
	p, f, err := b.logoutToken(ctx, at, *q.Token)
	if err != nil {
		return err
	}
	e.Set("identity_provider", p.Alias)
	sessions, err := b.Sessions.SessionsFrom(ctx, q.Realm.Key, session.OriginQuery{Provider: p.Alias, Subject: f.Subject, SID: f.Session})
	if err != nil {
		return err
	}
	for _, id := range sessions {
		if err := b.end(ctx, at, e, id); err != nil {
			return err
		}
	}
	return nil
}

// logoutToken verifies a logout token, and finds the provider that it is from.
func (b *Broker) logoutToken(ctx context.Context, at verify.At, compact string) (*Provider, federation.Foreign, error) {
	claimed, err := federation.ReadUnverified(compact) // says who to ask for keys, and nothing else
	if err != nil {
		return nil, claimed, errLogoutUnread
	}
	c, err := b.Book.of(ctx, at.Realm)
	if err != nil {
		return nil, claimed, err
	}
	refused := error(errLogoutNobodys)
	for _, p := range c.providers {
		if !slices.Contains(p.Issuers, claimed.Issuer) || !slices.Contains(claimed.Audience, p.ClientID) {
			continue
		}
		f, err := b.Upstream.Verify(ctx, &p.Settings, compact)
		if errors.Is(err, federation.ErrSignature) || err == nil && !slices.Contains(f.Audience, p.ClientID) {
			refused = errLogoutForeign
			continue
		}
		if err != nil {
			return nil, f, err
		}
		return p, f, b.judge(ctx, at, p, f)
	}
	return nil, claimed, refused
}

// judge holds the claims of a logout token against Back-Channel Logout 1.0 §2.6.
func (b *Broker) judge(ctx context.Context, at verify.At, p *Provider, f federation.Foreign) error {
	events, _ := f.Claims.Get("events").(token.Object)
	issued := time.Unix(f.IssuedAt, 0)
	switch {
	case !slices.Contains(p.Issuers, f.Issuer):
		return errLogoutForeign
	case f.Subject == "" && f.Session == "":
		return errLogoutSubject
	case events.Get(logoutEvent) == nil:
		return errLogoutEvent
	case f.Nonce != "" || f.Claims.Get("nonce") != nil:
		return errLogoutNonce
	case f.ID == "":
		return errLogoutID
	case f.IssuedAt == 0:
		return errLogoutIssuedAt
	case at.Now.Sub(issued) > logoutLife+p.Skew, issued.Sub(at.Now) > time.Minute+p.Skew,
		f.Expires != 0 && !at.Now.Before(time.Unix(f.Expires, 0).Add(p.Skew)):
		return errLogoutTooOld
	}
	first, err := b.Once.UseOnce(ctx, at.Realm.Key, purposeLogoutToken+p.Alias, f.ID, issued.Add(2*logoutLife+p.Skew))
	if err == nil && !first {
		err = errLogoutUsed
	}
	return err
}

// end ends a session and tells its clients.
func (b *Broker) end(ctx context.Context, at verify.At, e event.Event, id string) error {
	s, err := b.Sessions.Session(ctx, at.Realm.Key, id, false)
	if errors.Is(err, fault.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	due, err := b.Herald.Due(ctx, at.Realm, session.Query{ID: id})
	if err != nil {
		return err
	}
	if err := b.Sessions.EndSession(ctx, at.Realm.Key, id, false); err != nil {
		return err
	}
	e.ID, e.UserID, e.Session = b.NewID(), s.UserID, s.ID
	b.Events.Record(context.WithoutCancel(ctx), e)
	b.Herald.Tell(ctx, at, due)
	return nil
}
