package action

import (
	"context"
	"net/url"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
)

const (
	terms         = "TERMS_AND_CONDITIONS"
	termsAccepted = "terms_and_conditions" // the attribute that says when, in Unix seconds
)

// Terms has the user accept the terms and conditions.
type Terms struct{ *Deps }

func (Terms) Alias() string { return terms }

func (a Terms) Due(ctx context.Context, t *authorize.Turn) (bool, error) {
	return a.asked(ctx, t, terms)
}

func (a Terms) Challenge(_ context.Context, t *authorize.Turn) (page.Page, error) {
	return page.Terms{Form: page.Form{Action: t.FormURL()}, Text: page.T("termsText")}, nil
}

// Process takes nothing but the button itself as a yes.
func (a Terms) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	if form.Has("cancel") {
		refusal := oauth.Errorf(oauth.AccessDenied, "termsAndConditionsDeclined").InEvent("rejected_by_user", "")
		return authorize.Result{Kind: authorize.Refused, Refusal: refusal}, a.forget(ctx, t)
	}
	if !form.Has("accept") {
		p, err := a.Challenge(ctx, t)
		return authorize.Result{Kind: authorize.Again, Page: p}, err
	}
	err := a.People.EditOwn(ctx, t.Realm(), t.User.ID, func(account *user.Account) error {
		write(&account.User, termsAccepted, strconv.FormatInt(t.At.Now.Unix(), 10))
		people.Done(account, terms)
		return nil
	})
	if err != nil {
		return authorize.Result{}, err
	}
	a.recordAction(ctx, t, terms, event.CustomRequiredAction, "")
	return authorize.Result{Kind: authorize.Done}, a.reload(ctx, t)
}

// forget takes back that the user accepted, where they did so once.
func (a Terms) forget(ctx context.Context, t *authorize.Turn) error {
	if len(t.User.Attributes[termsAccepted]) == 0 {
		return nil
	}
	return a.People.EditOwn(ctx, t.Realm(), t.User.ID, func(account *user.Account) error {
		write(&account.User, termsAccepted, "")
		return nil
	})
}
