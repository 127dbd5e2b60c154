package account

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Seals sign and verify what forms bring back. It is a *keyring.Keyring.
type Seals interface {
	Sign(ctx context.Context, r *realm.Realm, alg, typ string, c *token.Claims) (string, error)
	Verify(r *realm.Realm, compact string) (token.Verified, error)
}

const (
	typForm = "Account-Form"
	formAlg = "HS512"
)

// ErrForm refuses a form that no page of the owner's session had.
var ErrForm = errors.New("the form is none of the owner's session")

// Seal is what each form of the owner's pages brings back. No other site knows it, so that none can send their forms
// (RFC 9700 §4.7); it is good for the session that it was made in.
func (a *Accounts) Seal(ctx context.Context, o *Owner) (string, error) {
	return a.Seals.Sign(ctx, o.Realm, formAlg, "JWT", &token.Claims{ID: a.NewID(), Type: typForm, Issuer: o.Realm.Issuer(o.Base),
		Subject: o.User.ID, Session: o.session, IssuedAt: o.now.Unix()})
}

// Sealed is nil where a form brings what Seal made in the owner's session, and ErrForm where not.
func (a *Accounts) Sealed(o *Owner, seal string) error {
	t, err := a.Seals.Verify(o.Realm, seal)
	if err != nil || t.Type != typForm || t.Alg != formAlg || t.Issuer != o.Realm.Issuer(o.Base) ||
		t.Subject != o.User.ID || o.session == "" || t.Session != o.session {
		return ErrForm
	}
	return nil
}
