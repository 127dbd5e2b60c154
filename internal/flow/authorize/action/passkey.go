package action

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/url"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/passkey"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
)

// noteChallenge is where an attempt keeps the challenge of its page. It goes with the first form that comes, whatever
// that says.
const noteChallenge = "passkey_challenge"

// Passkey asks those who have a passkey for it: beside a password, or in its place.
type Passkey struct {
	*Deps
	Alone bool
}

// Alias is that of the execution in Keycloak's flows.
func (a Passkey) Alias() string {
	if a.Alone {
		return login.FactorPasskeyOnly
	}
	return login.FactorPasskey
}

func (a Passkey) kind() string {
	if a.Alone {
		return user.KindPasskeyOnly
	}
	return user.KindPasskey
}

// Due for those who have one.
func (a Passkey) Due(ctx context.Context, t *authorize.Turn) (bool, error) {
	has, err := a.owned(ctx, t, t.User.ID, a.kind())
	return len(has) > 0, err
}

// Challenge asks for any of the user's.
func (a Passkey) Challenge(ctx context.Context, t *authorize.Turn) (page.Page, error) {
	return a.page(ctx, t, page.Form{Action: t.FormURL()})
}

func (a Passkey) page(ctx context.Context, t *authorize.Turn, f page.Form) (page.Page, error) {
	asked, err := a.Offer(ctx, t)
	if err != nil {
		return nil, err
	}
	has, err := a.owned(ctx, t, t.User.ID, a.kind())
	for _, c := range has {
		asked.Credentials = append(asked.Credentials, idOf(&c))
	}
	return page.LoginPasskey{Form: f, Passkey: asked, Others: t.Others()}, err
}

// Offer is a challenge for any passkey, which the attempt keeps.
func (a Passkey) Offer(ctx context.Context, t *authorize.Turn) (page.Passkey, error) {
	against, err := a.against(ctx, t, a.Alone)
	if err != nil {
		return page.Passkey{}, err
	}
	t.Attempt.Note(noteChallenge, a.newChallenge())
	p := page.Passkey{Challenge: t.Attempt.Notes[noteChallenge], RelyingParty: against.Party(), UserVerification: against.Policy.Verification,
		TimeoutSeconds: against.Policy.Timeout}
	if a.Alone {
		p.UserVerification = "required"
	}
	return p, nil
}

// Process takes what one of the user's passkeys signed.
func (a Passkey) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	wrong, err := a.prove(ctx, t, t.User, form)
	if err != nil || wrong.Key == "" {
		return authorize.Result{Kind: authorize.Done}, err
	}
	p, err := a.page(ctx, t, page.Form{Action: t.FormURL(), Notice: page.Notice{Kind: page.Fail, Text: wrong}})
	return authorize.Result{Kind: authorize.Again, Page: p}, err
}

// Owner is whose passkey signed the challenge: the user whom the authenticator names, and whose it is.
func (a Passkey) Owner(ctx context.Context, t *authorize.Turn, form url.Values) (*user.User, page.Text, error) {
	if said := form.Get("error"); said != "" {
		t.Attempt.Note(noteChallenge, "")
		return nil, page.T("webauthn-error-api-get", said), nil
	}
	unknown := page.T("webauthn-error-user-not-found")
	id, err := base64.RawURLEncoding.DecodeString(form.Get("userHandle"))
	if err != nil || len(id) == 0 {
		t.Attempt.Note(noteChallenge, "")
		return nil, unknown, nil
	}
	u, err := a.Users.User(ctx, t.Realm().Key, string(id))
	if gone(err) || err == nil && u.ServiceAccount != "" {
		t.Attempt.Note(noteChallenge, "")
		return nil, unknown, nil
	}
	if err != nil {
		return nil, page.Text{}, err
	}
	wrong, err := a.prove(ctx, t, u, form)
	return u, wrong, err
}

// prove tells what is wrong with what a passkey of a user signed; an empty text where nothing is. The challenge is used
// up, and the passkey's counter kept.
func (a Passkey) prove(ctx context.Context, t *authorize.Turn, u *user.User, form url.Values) (wrong page.Text, err error) {
	invalid := page.T("webauthn-error-auth-verification", "")
	against, err := a.against(ctx, t, a.Alone)
	if err != nil {
		return page.Text{}, err
	}
	t.Attempt.Note(noteChallenge, "")
	owner, _ := base64.RawURLEncoding.DecodeString(form.Get("userHandle"))
	switch said := form.Get("error"); {
	case said != "":
		return page.T("webauthn-error-api-get", said), nil
	case against.Challenge == "", len(owner) > 0 && string(owner) != u.ID:
		return invalid, nil
	}
	has, err := a.owned(ctx, t, u.ID, a.kind())
	if err != nil {
		return page.Text{}, err
	}
	i := slices.IndexFunc(has, func(c user.Credential) bool { return idOf(&c) == form.Get("credentialId") })
	if i < 0 {
		return page.T("webauthn-error-user-not-found"), nil
	}
	key, _ := has[i].Passkey()
	use, err := passkey.Verify(against, passkey.Signed{ClientData: form.Get("clientDataJSON"), Authenticator: form.Get("authenticatorData"),
		Signature: form.Get("signature"), ID: form.Get("credentialId")}, key)
	if err != nil {
		return page.T("webauthn-error-auth-verification", err.Error()), nil
	}
	return a.count(ctx, t, u, has[i].ID, use.Count)
}

// count keeps the counter of a use, under the lock of the account: of two uses with one counter one is refused.
func (a Passkey) count(ctx context.Context, t *authorize.Turn, u *user.User, credential string, count uint32) (wrong page.Text, err error) {
	lock, err := a.Lockouts.Locked(ctx, t.Realm(), u, t.At.Now)
	if err != nil {
		return page.Text{}, err
	}
	grew := false
	if lock == user.Open {
		err = a.People.EditOwn(ctx, t.Realm(), u.ID, func(account *user.Account) error {
			for i := range account.Credentials {
				if c := &account.Credentials[i]; c.ID == credential {
					grew = c.Counted(count)
				}
			}
			return nil
		})
	}
	if err != nil || grew {
		t.Event.Set("public_key_credential_id", credential)
		return page.Text{}, err
	}
	return page.T("webauthn-error-auth-verification", ""), nil
}

// owned are a user's passkeys of a kind that can be used.
func (d *Deps) owned(ctx context.Context, t *authorize.Turn, id, kind string) ([]user.Credential, error) {
	all, err := d.Users.Credentials(ctx, t.Realm().Key, id)
	return slices.DeleteFunc(all, func(c user.Credential) bool {
		_, ok := c.Passkey()
		return c.Kind != kind || !ok
	}), err
}

// idOf is what a browser calls a passkey.
func idOf(c *user.Credential) string {
	p, _ := c.Passkey()
	return base64.RawURLEncoding.EncodeToString(p.ID)
}

// against is what the answer to the attempt's challenge is held against.
func (d *Deps) against(ctx context.Context, t *authorize.Turn, alone bool) (passkey.Asked, error) {
	terms, err := d.Rules.Terms(ctx, t.Realm())
	if err != nil {
		return passkey.Asked{}, err
	}
	return passkey.Asked{Challenge: t.Attempt.Notes[noteChallenge], Base: t.At.Base, Policy: policyOf(terms, alone), Verify: alone}, nil
}

func policyOf(terms *people.Terms, alone bool) user.PasskeyPolicy {
	if alone {
		return terms.Alone
	}
	return terms.Beside
}

// newChallenge is 33 bytes that nobody can guess, as base64url without a rest.
func (d *Deps) newChallenge() string {
	return d.Letters(44, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
}

// same tells whether two passkeys are one.
func same(a, b *user.Credential) bool {
	p, _ := a.Passkey()
	q, _ := b.Passkey()
	return bytes.Equal(p.ID, q.ID)
}
