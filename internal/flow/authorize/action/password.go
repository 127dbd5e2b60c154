package action

import (
	"context"
	"errors"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

const updatePassword = "UPDATE_PASSWORD"

// UpdatePassword has the user choose a new password.
type UpdatePassword struct{ *Deps }

func (UpdatePassword) Alias() string { return updatePassword }

// Due also where the password is too old for the realm's policy, or forgotten.
func (a UpdatePassword) Due(ctx context.Context, t *authorize.Turn) (bool, error) {
	if t.Attempt.Notes[noteReset] != "" {
		return true, nil
	}
	if due, err := a.asked(ctx, t, updatePassword); due || err != nil {
		return due, err
	}
	if on, err := a.enabled(ctx, t, updatePassword); !on || err != nil {
		return false, err
	}
	credentials, err := a.Users.Credentials(ctx, t.Realm().Key, t.User.ID)
	if err != nil {
		return false, err
	}
	return a.Rules.Stale(ctx, t.Realm(), user.Attempt{User: t.User, Credentials: credentials, Now: t.At.Now})
}

func (a UpdatePassword) Challenge(_ context.Context, t *authorize.Turn) (page.Page, error) {
	return a.page(t, form(t, updatePassword, "updatePasswordMessage")), nil
}

func (a UpdatePassword) page(t *authorize.Turn, f page.Form) page.Page {
	return page.UpdatePassword{Form: f, Username: t.User.Username, Cancel: optional(t, updatePassword)}
}

func (a UpdatePassword) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	password := form.Get("password-new")
	switch {
	case cancelled(t, updatePassword, form):
		return authorize.Result{Kind: authorize.Cancelled}, nil
	case password == "":
		a.recorded(ctx, t, "password_missing")
		return again(a.page(t, wrongField(t, "password-new", "missingPasswordMessage")))
	case password != form.Get("password-confirm"):
		a.recorded(ctx, t, "password_confirm_error")
		return again(a.page(t, wrongField(t, "password-confirm", "notMatchPasswordMessage")))
	}
	err := a.People.ChangePassword(ctx, a.author(t), t.Realm(), t.User.ID, password)
	if unfit, ok := errors.AsType[*user.Unfit](err); ok {
		a.recorded(ctx, t, "password_rejected", event.Detail{Name: "reason", Value: unfit.Code})
		return again(a.page(t, failed(t, unfit.Code, unfit.Args...)))
	}
	if err != nil {
		return authorize.Result{}, err
	}
	if err := a.endOthers(ctx, t, form.Get("logout-sessions") == "on"); err != nil {
		return authorize.Result{}, err
	}
	t.Attempt.Note(noteReset, "")
	a.recorded(ctx, t, "")
	return authorize.Result{Kind: authorize.Done}, a.reload(ctx, t)
}

// recorded records what came of the form: a failure by Keycloak's name, or none.
func (a UpdatePassword) recorded(ctx context.Context, t *authorize.Turn, failure string, details ...event.Detail) {
	a.recordCredential(ctx, t, updatePassword, event.UpdatePassword, user.KindPassword, failure, details...)
}
