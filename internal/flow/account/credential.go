package account

import (
	"context"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Method is a way to prove who one is, with the owner's credentials for it.
type Method struct {
	Kind      string // of credentials
	Category  string
	Words     string // what its message keys begin with
	Icon      string // CSS class
	Create    string // required action that makes another credential; empty: there is none
	Update    string // required action that replaces the credential; empty: there is none
	Removable bool   // a credential can be given up
	Sole      bool   // there is one at most
	Owned     []user.Credential
}

// methods are all of them, in the order in which they are shown.
var methods = []Method{
	{Kind: user.KindPassword, Category: "basic-authentication", Words: "password", Icon: "kcAuthenticatorPasswordClass", Create: "UPDATE_PASSWORD", Sole: true},
	{Kind: user.KindOTP, Category: "two-factor", Words: "otp", Icon: "kcAuthenticatorOTPClass", Create: "CONFIGURE_TOTP", Removable: true},
	{Kind: "webauthn", Category: "two-factor", Words: "webauthn", Icon: "kcAuthenticatorWebAuthnClass", Create: "webauthn-register", Removable: true},
	{Kind: "webauthn-passwordless", Category: "passwordless", Words: "webauthn-passwordless", Icon: "kcAuthenticatorWebAuthnPasswordlessClass",
		Create: "webauthn-register-passwordless", Removable: true},
	{Kind: "recovery-authn-codes", Category: "two-factor", Words: "recovery-authn-codes", Icon: "kcAuthenticatorRecoveryAuthnCodesClass",
		Create: "CONFIGURE_RECOVERY_AUTHN_CODES", Removable: true, Sole: true},
}

// always are the kinds that are shown to who has no such credential too.
var always = []string{user.KindPassword, user.KindOTP}

// Methods are the ways in which the owner can prove who they are, and password and one-time codes, which they can learn
// to. What is secret of the credentials is for nobody to see.
func (a *Accounts) Methods(ctx context.Context, o *Owner) ([]Method, error) {
	return a.methods(ctx, o, func(m *Method) bool { return len(m.Owned) > 0 || slices.Contains(always, m.Kind) })
}

// Offers are the ways in which the owner can prove who they are, and all those that they can learn to here.
func (a *Accounts) Offers(ctx context.Context, o *Owner) ([]Method, error) {
	return a.methods(ctx, o, func(m *Method) bool {
		if !a.Actions.Knows(m.Create) {
			m.Create = ""
		}
		return len(m.Owned) > 0 || m.Create != ""
	})
}

func (a *Accounts) methods(ctx context.Context, o *Owner, keep func(*Method) bool) ([]Method, error) {
	terms, err := a.Rules.Terms(ctx, o.Realm)
	if err != nil {
		return nil, err
	}
	owned, err := a.Credentials.Credentials(ctx, o.Realm.Key, o.User.ID)
	if err != nil {
		return nil, err
	}
	var out []Method
	for _, m := range methods {
		for _, c := range owned {
			if c.Kind == m.Kind {
				m.Owned = append(m.Owned, c)
			}
		}
		if terms.Action(m.Create) == nil {
			m.Create = ""
		}
		if !keep(&m) {
			continue
		}
		if m.Sole && len(m.Owned) > 0 { // another one takes its place
			m.Create, m.Update = "", m.Create
		}
		out = append(out, m)
	}
	return out, nil
}

var errNoCredential = &fault.NotFound{Message: "Credential not found"}

// RemoveCredential gives up one of the owner's credentials. A password is not: that is a *fault.Refused.
func (a *Accounts) RemoveCredential(ctx context.Context, o *Owner, id string) error {
	var removed user.Credential
	err := a.edit(ctx, o, id, func(account *user.Account, at int) error {
		removed = account.Credentials[at]
		if !slices.ContainsFunc(methods, func(m Method) bool { return m.Kind == removed.Kind && m.Removable }) {
			return &fault.Refused{Message: "Credential type " + removed.Kind + " cannot be removed"}
		}
		account.Credentials = slices.Delete(account.Credentials, at, at+1)
		return nil
	})
	if err != nil {
		return err
	}
	kinds := []event.Kind{removeCredential}
	if removed.Kind == user.KindOTP {
		kinds = append(kinds, removeTOTP)
	}
	for _, kind := range kinds {
		a.record(ctx, o, kind, "credential_type", removed.Kind, "selected_credential_id", id, "credential_user_label", removed.Label)
	}
	return nil
}

// The events of a credential that goes; one for one-time codes has two, as in Keycloak.
const (
	removeCredential event.Kind = "REMOVE_CREDENTIAL"
	removeTOTP       event.Kind = "REMOVE_TOTP"
)

// LabelCredential gives one of the owner's credentials a name.
func (a *Accounts) LabelCredential(ctx context.Context, o *Owner, id, label string) error {
	return a.edit(ctx, o, id, func(account *user.Account, at int) error {
		return account.Label(at, label)
	})
}

// MoveCredential puts one of the owner's credentials behind another one, or first where after is empty. Sign-in
// asks for them in their order.
func (a *Accounts) MoveCredential(ctx context.Context, o *Owner, id, after string) error {
	return a.edit(ctx, o, id, func(account *user.Account, at int) error {
		if after == id {
			return nil
		}
		moved, to := account.Credentials[at], 0
		rest := slices.Delete(slices.Clone(account.Credentials), at, at+1)
		if after != "" {
			before := slices.IndexFunc(rest, func(c user.Credential) bool { return c.ID == after })
			if before < 0 {
				return &fault.Invalid{Message: "invalidRequestMessage"}
			}
			to = before + 1
		}
		account.Credentials = slices.Insert(rest, to, moved)
		return nil
	})
}

// edit changes one of the owner's credentials, which is where at says.
func (a *Accounts) edit(ctx context.Context, o *Owner, id string, change func(account *user.Account, at int) error) error {
	return a.People.EditOwn(ctx, o.Realm, o.User.ID, func(account *user.Account) error {
		at := slices.IndexFunc(account.Credentials, func(c user.Credential) bool { return c.ID == id })
		if at < 0 {
			return errNoCredential
		}
		return change(account, at)
	})
}
