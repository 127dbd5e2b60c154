package action

import (
	"context"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

const deleteAccount = "delete_account"

// mayDelete is the role of those who may delete their account.
var mayDelete = realm.RoleRef{Client: "account", Name: "delete-account"}

// DeleteAccount deletes the user, who wants that.
type DeleteAccount struct{ *Deps }

func (DeleteAccount) Alias() string { return deleteAccount }

func (a DeleteAccount) Due(ctx context.Context, t *authorize.Turn) (bool, error) {
	return a.asked(ctx, t, deleteAccount)
}

func (a DeleteAccount) Challenge(_ context.Context, t *authorize.Turn) (page.Page, error) {
	if !a.allowed(t) {
		return page.Error{Message: page.T("deletingAccountForbidden")}, nil
	}
	return page.DeleteAccount{Form: page.Form{Action: t.FormURL()}, Cancel: optional(t, deleteAccount)}, nil
}

// allowed asks for the role, of users directly or by what they are members of.
func (a DeleteAccount) allowed(t *authorize.Turn) bool {
	role := t.Realm().Role(mayDelete)
	return role != nil && t.User.RolesIn(t.Realm()).Has(role)
}

func (a DeleteAccount) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	switch {
	case cancelled(t, deleteAccount, form):
		return authorize.Result{Kind: authorize.Cancelled}, nil
	case !a.allowed(t):
		return again(page.Error{Message: page.T("deletingAccountForbidden")})
	}
	if err := a.People.DeleteOwn(ctx, t.Realm(), t.User.ID); err != nil {
		return authorize.Result{}, err
	}
	a.record(ctx, t, event.DeleteAccount)
	return again(page.Info{Message: page.T("userDeletedSuccessfully"), Kind: page.Success})
}
