package authorize

import (
	"context"
	"net/url"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Passkeys are those that stand in the place of name and password.
type Passkeys interface {
	// Offer is a challenge for any of them, which the attempt keeps.
	Offer(ctx context.Context, t *Turn) (page.Passkey, error)
	// Owner is whose passkey signed the attempt's challenge, which is used up. Else wrong says why nobody's did.
	Owner(ctx context.Context, t *Turn, form url.Values) (u *user.User, wrong page.Text, err error)
}

// askFirst shows the page of the way in that the user chose: name and password, unless they or the realm want
// otherwise.
func (a *Authorizer) askFirst(ctx context.Context, t *Turn, notice page.Notice, wrong string) (*Outcome, error) {
	var err error
	if t.ways, err = a.first(ctx, t); err != nil {
		return nil, err
	}
	way := t.Attempt.Notes[login.NoteWay]
	if !slices.Contains(t.ways, way) {
		way = t.ways[0]
	}
	t.Attempt.Path, t.Attempt.Execution = login.Authenticate, way
	if way == login.FactorPassword {
		return a.showPassword(ctx, t, notice, wrong)
	}
	return a.Show(ctx, t, func() (page.Page, error) {
		asked, err := a.Passkeys.Offer(ctx, t)
		return page.LoginPasskey{Form: page.Form{Action: t.FormURL(), Notice: notice}, Passkey: asked, Others: t.Others()}, err
	})
}

// signedIn takes a form of the first page: what a passkey signed, or name and password.
func (a *Authorizer) signedIn(ctx context.Context, t *Turn, form url.Values) (*Outcome, error) {
	var err error
	if t.ways, err = a.first(ctx, t); err != nil {
		return nil, err
	}
	if to, err := a.another(ctx, t, form); to != nil || err != nil {
		return to, err
	}
	passkey := t.Attempt.Execution == login.FactorPasskeyOnly || form.Has("clientDataJSON")
	switch {
	case passkey && slices.Contains(t.ways, login.FactorPasskeyOnly):
		return a.passkey(ctx, t, form)
	case !passkey && slices.Contains(t.ways, login.FactorPassword):
		return a.password(ctx, t, form)
	}
	return a.askFirst(ctx, t, page.Notice{}, "")
}

// passkey takes what a passkey signed as the proof of who its owner is.
func (a *Authorizer) passkey(ctx context.Context, t *Turn, form url.Values) (*Outcome, error) {
	u, wrong, err := a.Passkeys.Owner(ctx, t, form)
	if err != nil {
		return nil, err
	}
	why := oauth.Errorf(oauth.AccessDenied, "").InEvent("invalid_user_credentials", "")
	if wrong.Key == "" {
		t.Event.UserID = u.ID
		t.Event.Set("username", u.Username)
		var message string
		if why, message, err = a.barred(ctx, t, u); err != nil {
			return nil, err
		}
		wrong = page.T(message)
		if again := t.Attempt.Notes[noteAgain]; why == nil && again != "" && again != u.ID {
			why, wrong = oauth.Errorf(oauth.AccessDenied, "").InEvent("different_user_authenticated", ""), page.T("webauthn-error-different-user")
		}
	}
	if why != nil {
		a.record(ctx, t, why)
		return a.askFirst(ctx, t, page.Notice{Kind: page.Fail, Text: wrong}, "")
	}
	return a.welcome(ctx, t, u, login.FactorPasskeyOnly)
}

// welcome accepts who proved who they are at the first page, unless another tab signed somebody else in.
func (a *Authorizer) welcome(ctx context.Context, t *Turn, u *user.User, proof string) (*Outcome, error) {
	if t.identity.User != nil && t.identity.User.ID != u.ID {
		return a.failed(ctx, t, &t.Attempt.Request, onPage("different_user_authenticated", "differentUserAuthenticated", t.identity.User.Username))
	}
	a.accept(t, u, login.Factor{Name: proof, At: t.At.Now})
	return a.advance(ctx, t)
}
