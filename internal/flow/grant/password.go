package grant

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Password signs a user in by name and password, and gives the client tokens of the new session.
func (i *Issuer) Password(ctx context.Context, q PasswordRequest) (resp *Response, err error) {
	t, err := i.begin(ctx, event.Login, oauth.Password, q.Call)
	if err != nil {
		return nil, err
	}
	defer func() { t.end(ctx, err) }()

	if err := t.authenticate(ctx); err != nil {
		return nil, err
	}
	t.event.Set("auth_method", "oauth_credentials")
	if err := t.mayAskPasswords(); err != nil {
		return nil, err
	}
	if err := t.checkScope(); err != nil {
		return nil, err
	}
	if err := t.police(ctx, t.asked(policy.Password)); err != nil {
		return nil, err
	}
	t.event.Set("auth_method", "openid-connect")
	u, err := t.signIn(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := t.count(ctx, realm.ByUser, u.ID); err != nil {
		return nil, err
	}
	s, g := t.newSession(u, oauth.Password)
	resp, err = t.start(ctx, u, s, g, token.ByPassword)
	if err != nil {
		return nil, err
	}
	resp.Locale = locale(u)
	return resp, nil
}

// mayAskPasswords asks that the client may use the password grant. One that needs consent may not: there is
// no page to ask on.
func (t *turn) mayAskPasswords() error {
	if !t.client.DirectAccess {
		const text = "Client not allowed for direct access grants"
		return oauth.Errorf(oauth.UnauthorizedClient, text).InEvent("not_allowed", text)
	}
	if t.client.ConsentRequired {
		const text = "Client requires user consent"
		return oauth.Errorf(oauth.InvalidClient, text).InEvent("consent_denied", text)
	}
	return nil
}

// signIn proves who the user is. Whatever is wrong with name, password or one-time code, the answer is the same
// and takes as long; what is wrong with the account is told to those only who know the password.
func (t *turn) signIn(ctx context.Context, q PasswordRequest) (*user.User, error) {
	wrong := oauth.Errorf(oauth.InvalidGrant, "Invalid user credentials")
	if q.Username == nil {
		return nil, oauth.Errorf(oauth.InvalidRequest, "Missing parameter: username").
			WithStatus(401).InEvent("user_not_found", "")
	}
	t.event.Set("username", *q.Username)
	u, err := verify.ByLogin(ctx, t.Users, t.at.Realm, *q.Username)
	if err != nil {
		return nil, err
	}
	if u != nil {
		t.event.UserID = u.ID
	}
	right, err := t.Passwords.Check(ctx, t.at, u, q.Password)
	switch {
	case err != nil:
		return nil, err
	case u == nil:
		return nil, wrong.InEvent("user_not_found", "")
	}
	lock, err := t.Lockouts.Locked(ctx, t.at.Realm, u, t.at.Now)
	switch {
	case err != nil:
		return nil, err
	case lock == user.ForTime:
		return nil, wrong.InEvent("user_temporarily_disabled", "")
	case lock == user.ForGood:
		return nil, wrong.InEvent("user_disabled", "")
	case !right && !u.Enabled:
		return nil, wrong.InEvent("user_disabled", "")
	case !right:
		return nil, t.failed(ctx, u, wrong)
	case !u.Enabled:
		return nil, oauth.Errorf(oauth.InvalidGrant, "Account disabled").InEvent("user_disabled", "")
	}
	credentials, err := t.Users.Credentials(ctx, t.at.Realm.Key, u.ID)
	if err != nil {
		return nil, err
	}
	right, err = t.checkOTP(ctx, u, credentials, q.OTP)
	switch {
	case err != nil:
		return nil, err
	case !right:
		return nil, t.failed(ctx, u, wrong)
	}
	pending, err := t.Duties.Pending(ctx, t.at.Realm, user.Attempt{User: u, Credentials: credentials, Scopes: t.at.Realm.ScopeNames(t.client, t.scope()), Now: t.at.Now})
	switch {
	case err != nil:
		return nil, err
	case pending: // there is no page to do it on
		const text = "Account is not fully set up"
		return nil, oauth.Errorf(oauth.InvalidGrant, text).InEvent("resolve_required_actions", text)
	}
	return u, t.Lockouts.Succeeded(ctx, t.at.Realm, u)
}

// failed counts a sign-in that failed for what the user brought, and gives the refusal.
func (t *turn) failed(ctx context.Context, u *user.User, refusal *oauth.Error) error {
	if err := t.Lockouts.Failed(context.WithoutCancel(ctx), t.at.Realm, u, t.at.Now, t.call.Address); err != nil {
		return err
	}
	return refusal.InEvent("invalid_user_credentials", "")
}

// purposeOTP keeps one-time codes apart from other values that work once.
const purposeOTP = "otp"

// checkOTP asks users who have credentials for one-time codes for a code of one of them. Each works once, on
// whichever node.
func (t *turn) checkOTP(ctx context.Context, u *user.User, credentials []user.Credential, code string) (bool, error) {
	needed := false
	for i := range credentials {
		c := &credentials[i]
		if c.Kind != user.KindOTP {
			continue
		}
		needed = true
		if c.Counts() {
			right, err := t.Counters.TakeOTP(ctx, t.at.Realm, u.ID, c.ID, code)
			if right || err != nil {
				return right, err
			}
			continue
		}
		if until, ok := c.CheckOTP(code, t.at.Now); ok {
			return t.Once.UseOnce(ctx, t.at.Realm.Key, purposeOTP, u.ID+" "+c.ID+" "+code, until)
		}
	}
	return !needed, nil
}

// locale is the language that the user chose.
func locale(u *user.User) string {
	if values := u.Attributes["locale"]; len(values) > 0 {
		return values[0]
	}
	return ""
}
