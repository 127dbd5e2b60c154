package action

import (
	"context"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// Links follows the links that letters bring.
type Links struct{ *Deps }

// confirmed is the parameter of a link that somebody followed who saw what it is for.
const confirmed = "confirm"

// Follow does what a link is for, once. One that verifies an address asks first, in another browser than the one
// that it was sent for: mail servers look at links, and must not verify anything by that. One that resets a
// password works in that browser only: who sent for a letter to somebody else does not get in by their click.
func (l Links) Follow(ctx context.Context, t *authorize.Turn, q url.Values) (authorize.Result, bool, error) {
	k, ok := l.read(t, q.Get("key"))
	if !ok {
		return expired(), false, nil
	}
	u, err := l.Users.User(ctx, t.Realm().Key, k.user)
	if gone(err) || err == nil && (!u.Enabled || u.Email != k.address) {
		return expired(), false, nil
	}
	if err != nil {
		return authorize.Result{}, false, err
	}
	here := t.Attempt != nil && tab(t) == k.tab
	var result authorize.Result
	switch mine := here && t.Attempt.User == u.ID; k.kind {
	case linkResets:
		result, err := l.reset(ctx, t, k, u, here)
		return result, true, err
	case linkErrand:
		result, err = l.begin(ctx, t, k, u, q)
	case linkUpdates:
		result, err = l.change(ctx, t, k, u, mine, q)
	default:
		result, err = l.verify(ctx, t, k, u, mine, q)
	}
	return result, false, err
}

// verify notes that the address is the user's.
func (l Links) verify(ctx context.Context, t *authorize.Turn, k link, u *user.User, here bool, q url.Values) (authorize.Result, error) {
	if !here && q.Get(confirmed) == "" {
		return again(page.Info{Message: page.T("confirmEmailAddressVerification", k.address), Back: l.onward(t, q)})
	}
	if first, err := l.spend(ctx, t, k, u); !first || err != nil {
		return expired(), err
	}
	if err := l.verified(ctx, t, k.address); err != nil {
		return authorize.Result{}, err
	}
	if here {
		return authorize.Result{Kind: authorize.Done}, nil
	}
	return again(l.ended(t, k, page.Info{Message: page.T("emailVerifiedMessage"), Kind: page.Success}))
}

// reset lets the user choose another password, unless they got one since the letter was sent.
func (l Links) reset(ctx context.Context, t *authorize.Turn, k link, u *user.User, here bool) (authorize.Result, error) {
	stamp, err := l.stamp(ctx, t, u)
	if err != nil {
		return authorize.Result{}, err
	}
	if !here || t.Attempt.Proven() || t.Attempt.Session != "" || stamp != k.stamp || !t.Realm().SignIn.ResetPassword {
		return expired(), nil
	}
	if first, err := l.spend(ctx, t, k, u); !first || err != nil {
		return expired(), err
	}
	if err := l.verified(ctx, t, k.address); err != nil {
		return authorize.Result{}, err
	}
	t.Attempt.Note(noteReset, "true")
	l.record(ctx, t, event.ResetPassword)
	return authorize.Result{Kind: authorize.Done}, nil
}

// expired is the page for links that do not work, for whatever reason.
func expired() authorize.Result {
	return authorize.Result{Kind: authorize.Again, Status: 400, Page: page.Error{Message: page.T("expiredActionTokenNoSessionMessage")}}
}
