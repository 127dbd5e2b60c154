package grant

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// AuthorizationCode gives tokens for a code. Whoever brings a code spends it, whatever comes of it: what was
// wrong once is not tried again (RFC 6749 §4.1.2).
func (i *Issuer) AuthorizationCode(ctx context.Context, q CodeRequest) (resp *Response, err error) {
	t, err := i.begin(ctx, event.CodeToToken, oauth.AuthorizationCode, q.Call)
	if err != nil {
		return nil, err
	}
	defer func() { t.end(ctx, err) }()

	if err := t.authenticate(ctx); err != nil {
		return nil, err
	}
	if q.Code == nil {
		const text = "Missing parameter: code"
		return nil, oauth.Errorf(oauth.InvalidRequest, text).InEvent("invalid_code", text)
	}
	code, err := t.takeCode(ctx, *q.Code)
	if err != nil {
		return nil, err
	}
	w, err := t.behind(ctx, &code)
	if err != nil {
		return nil, err
	}
	if err := t.checkCode(&code, q); err != nil {
		return nil, err
	}
	if err := t.withinCode(&code); err != nil {
		return nil, err
	}
	w.origin.Grant = token.ByCode
	t.call.Scope = &code.Scope // the parameter has no meaning here
	if err := t.police(ctx, t.redeemed(policy.Code, &code)); err != nil {
		return nil, err
	}
	if t.asksOffline() {
		return t.startOffline(ctx, w, &code)
	}
	return t.redeem(ctx, w, &code)
}

var errCode = oauth.Errorf(oauth.InvalidGrant, "Code not valid").InEvent("invalid_code", "")

// takeCode spends the code. The second time the client's part of the session ends: one of the two who brought it
// stole it (RFC 6749 §10.5). Offline tokens that the code was exchanged for live on, as in Keycloak.
func (t *turn) takeCode(ctx context.Context, text string) (session.Code, error) {
	if parts := strings.Split(text, "."); len(parts) == 3 { // the second names the session, as the event of the sign-in did
		t.event.Set("code_id", parts[1])
	}
	code, err := t.Codes.TakeCode(ctx, t.at.Realm.Key, text)
	switch {
	case errors.Is(err, fault.ErrStale):
		if err := t.Sessions.DropGrant(ctx, t.at.Realm.Key, code.Session, code.Client, false, t.at.Now); err != nil {
			return code, err
		}
		return code, errCode.Because(err)
	case errors.Is(err, fault.ErrNotFound):
		return code, errCode
	case err != nil:
		return code, err
	case code.Expired(t.at.Now):
		return code, errCode.InEvent("expired_code", "")
	}
	return code, nil
}

// behind finds what stands behind a code: the session, its user, and what the client holds in it.
func (t *turn) behind(ctx context.Context, code *session.Code) (issue, error) {
	var w issue
	key := t.at.Realm.Key
	s, err := t.Codes.Session(ctx, key, code.Session, false)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return w, errCode
	case err != nil:
		return w, err
	case s.Expired(t.at.Realm, t.at.Now):
		return w, oauth.Errorf(oauth.InvalidGrant, "Session not active").InEvent("user_session_not_found", "")
	}
	t.event.Session = s.ID
	w.session = s
	w.user, err = t.Users.User(ctx, key, s.UserID)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return w, oauth.Errorf(oauth.InvalidGrant, "User not found").InEvent("user_not_found", "")
	case err != nil:
		return w, err
	}
	t.event.UserID = w.user.ID // without the name, as in Keycloak: the event of the sign-in has it
	if err := t.stillWelcome(ctx, w.user, code.Issued); err != nil {
		return w, err
	}
	w.grant, err = t.Sessions.Grant(ctx, key, s.ID, code.Client, false)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return w, errCode
	case err != nil:
		return w, err
	}
	return w, t.count(ctx, realm.ByUser, w.user.ID)
}

// stillWelcome asks that a user may sign in now who was let in by a code some time ago: they are enabled and not locked,
// and nothing that was given out until then has been taken back since.
func (t *turn) stillWelcome(ctx context.Context, u *user.User, issued time.Time) error {
	switch {
	case !u.Enabled:
		return oauth.Errorf(oauth.InvalidGrant, "User disabled").InEvent("user_disabled", "")
	case issued.Unix() < t.notBefore(u):
		return errCode
	}
	lock, err := t.Lockouts.Locked(ctx, t.at.Realm, u, t.at.Now)
	if err == nil && lock != user.Open {
		return oauth.Errorf(oauth.InvalidGrant, "User disabled").InEvent("user_temporarily_disabled", "")
	}
	return err
}

// checkCode holds the code against who brings it, in Keycloak's order.
func (t *turn) checkCode(code *session.Code, q CodeRequest) error {
	switch {
	case code.RedirectURI != q.RedirectURI && code.RedirectURI != "":
		return oauth.Errorf(oauth.InvalidGrant, "Incorrect redirect_uri").InEvent("invalid_redirect_uri", elsewhere(code.RedirectURI, q.RedirectURI))
	case code.Client != t.client.Key:
		const text = "Auth error: Found different client_id in clientSession"
		return oauth.Errorf(oauth.InvalidGrant, text).InEvent("invalid_client", text)
	case !t.client.StandardFlow:
		const text = "Client not allowed to exchange code"
		return oauth.Errorf(oauth.InvalidClient, text).InEvent("invalid_client", "")
	}
	if err := t.checkProofKey(code); err != nil {
		return err
	}
	return t.checkVerifier(code, q.Verifier)
}

// elsewhere says in the event that a code was asked for with another redirect URI.
func elsewhere(saved, brought string) string {
	if brought == "" {
		brought = "null"
	}
	return "Parameter 'redirect_uri' did not match originally saved redirect URI used in initial OIDC request. Saved redirectUri: " + saved +
		", redirectUri parameter: " + brought
}

// checkVerifier asks for the verifier that belongs to the code's challenge. One that belongs to none is refused
// too: somebody took the challenge away on its way (RFC 9700 §2.1.1).
func (t *turn) checkVerifier(code *session.Code, verifier string) error {
	text, name := "", "invalid_code_verifier"
	switch {
	case code.Challenge == "" && t.client.SignIn.PKCE != "" && verifier == "", code.Challenge != "" && verifier == "":
		text, name = "PKCE code verifier not specified", "code_verifier_missing"
	case code.Challenge == "" && verifier == "":
		return nil
	case code.Challenge == "":
		text = "PKCE code verifier specified but challenge not present in authorization"
	case !oauth.ValidVerifier(verifier):
		text = "PKCE verification failed: Invalid code verifier"
	case !oauth.VerifyPKCE(code.Challenge, code.ChallengeMethod, verifier):
		text, name = "PKCE verification failed: Code mismatch", "pkce_verification_failed"
	default:
		return nil
	}
	return oauth.Errorf(oauth.InvalidGrant, "%s", text).InEvent(name, strings.TrimPrefix(text, "PKCE verification failed: "))
}

// redeem gives out the tokens, and keeps that the client's part was used.
func (t *turn) redeem(ctx context.Context, w issue, code *session.Code) (*Response, error) {
	prev, next := *w.grant, *w.grant
	w.found = t.resolve(w.user, w.session, code.Scope)
	if err := t.checkAllowed(w.user, w); err != nil {
		return nil, err
	}
	next.LastAccess, next.RefreshID, next.RefreshUses = t.at.Now, t.NewID(), 0
	w.grant = &next
	t.complete(&w, code, token.Online)
	if w.refresh != nil {
		next.RefreshID = w.refresh.id
	}
	resp, err := t.issue(ctx, w)
	if err != nil {
		return nil, err
	}
	switch err := t.keepUse(ctx, prev, next); {
	case errors.Is(err, fault.ErrNotFound): // it ended while the tokens were made
		return nil, errCode.Because(err)
	case err != nil:
		return nil, err
	}
	return resp, nil
}

// keepUse writes the client's part. Where somebody changed it meanwhile, as by another code of the same client, it
// is the time of use that is added to what they left.
func (t *turn) keepUse(ctx context.Context, prev, next session.Grant) error {
	for {
		err := t.Sessions.Refresh(ctx, t.at.Realm.Key, prev, next)
		if !errors.Is(err, fault.ErrStale) {
			return err
		}
		now, err := t.Sessions.Grant(ctx, t.at.Realm.Key, prev.Session, prev.Client, prev.Offline)
		if err != nil {
			return err
		}
		prev = *now
		next = prev
		next.LastAccess = t.at.Now
	}
}

// complete fills in what both kinds of session share.
func (t *turn) complete(w *issue, code *session.Code, kind token.SessionKind) {
	w.origin.Session = kind
	w.expires = t.accessExpires(w.session, w.grant)
	w.openID, w.nonce = asks(code.Scope, oauth.ScopeOpenID), code.Nonce
	if t.client.Tokens.NoRefresh {
		return
	}
	w.refresh = t.newFamily(w.session, w.grant)
	t.event.Set("refresh_token_id", w.refresh.id)
	t.event.Set("refresh_token_type", refreshType(w.session))
}

// startOffline gives out tokens of an offline session beside the browser's, which lives on.
func (t *turn) startOffline(ctx context.Context, w issue, code *session.Code) (*Response, error) {
	s, g := *w.session, *w.grant
	s.Offline, s.LastAccess, s.Started = true, t.at.Now, t.at.Now
	g.Offline, g.LastAccess, g.Started, g.Scope, g.Families = true, t.at.Now, t.at.Now, code.Scope, nil
	w.session, w.grant = &s, &g
	w.found = t.resolve(w.user, &s, code.Scope)
	if !mayStayOffline(w.found) {
		return nil, oauth.ErrOffline
	}
	if err := t.checkAllowed(w.user, w); err != nil {
		return nil, err
	}
	t.complete(&w, code, token.Offline)
	g.RefreshID, g.RefreshUses = w.refresh.id, 0
	resp, err := t.issue(ctx, w)
	if err != nil {
		return nil, err
	}
	return resp, t.Sessions.StartSession(ctx, t.at.Realm.Key, s, g)
}

// checkAllowed asks that the user still allows the client what the code was given for.
func (t *turn) checkAllowed(u *user.User, w issue) error {
	if !t.client.ConsentRequired || len(u.Withheld(t.client.Key, w.found.Scopes)) == 0 {
		return nil
	}
	const text = "Client no longer has requested consent from user"
	return oauth.Errorf(oauth.InvalidScope, text).InEvent("not_allowed", text)
}
