package action

import (
	"context"
	"net/url"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Consent asks whether the client may have what it asks for, where it is one of those that must ask. In the
// device flow all are: who enters a code sees at which client.
type Consent struct{ *Deps }

func (Consent) Alias() string { return "OAUTH_GRANT" }

// item is something that a user allows.
type item struct {
	key  string // of the client scope, or of the client itself
	text string
}

func (a Consent) Due(ctx context.Context, t *authorize.Turn) (bool, error) {
	switch {
	case t.Attempt.Allowed:
		return false, nil
	case t.Attempt.Request.Device != "":
		return true, nil
	case !t.Client.ConsentRequired:
		return false, nil
	case t.Attempt.Request.Asks(login.PromptConsent):
		return true, nil
	}
	items, err := a.withheld(ctx, t)
	return len(items) > 0, err
}

// Challenge lists what is not allowed yet; all of it where the application asks anew, or in the device flow.
func (a Consent) Challenge(ctx context.Context, t *authorize.Turn) (page.Page, error) {
	terms, err := a.terms(ctx, t)
	if err != nil {
		return nil, err
	}
	items, err := a.withheld(ctx, t)
	if err != nil {
		return nil, err
	}
	p := page.Consent{Form: page.Form{Action: authorize.Relative(t.PathURL(login.Consent))}, Client: orName(terms.Name, t.Client.ID), Code: t.Attempt.Code,
		Terms: terms.TermsURL, Policy: terms.PolicyURL}
	for _, i := range items {
		p.Scopes = append(p.Scopes, page.T(i.text))
	}
	return p, nil
}

// Process takes a form without a button as a yes, and one with both as a no. That the form brings the code of the
// page has been checked: a page elsewhere cannot allow anything in the user's name. Keycloak does not look at it.
func (a Consent) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	if form.Has("cancel") {
		return authorize.Result{Kind: authorize.Refused, Refusal: oauth.Errorf(oauth.AccessDenied, "").InEvent("rejected_by_user", "")}, nil
	}
	items, err := a.withheld(ctx, t)
	if err != nil {
		return authorize.Result{}, err
	}
	if t.Client.ConsentRequired {
		err = a.People.EditOwn(ctx, t.Realm(), t.User.ID, func(account *user.Account) error {
			allow(&account.User, t, items)
			return nil
		})
		if err != nil {
			return authorize.Result{}, err
		}
	}
	t.Attempt.Allowed = true
	t.Event.Set("consent", "consent_granted")
	a.record(ctx, t, event.GrantConsent)
	return authorize.Result{Kind: authorize.Done}, a.reload(ctx, t)
}

// allow adds to what the user allowed the client.
func allow(u *user.User, t *authorize.Turn, items []item) {
	u.Consents = slices.Clone(u.Consents)
	given := u.ConsentTo(t.Client.Key)
	if given == nil {
		u.Consents = append(u.Consents, user.Consent{Client: t.Client.Key, Created: t.At.Now})
		given = &u.Consents[len(u.Consents)-1]
	}
	given.Scopes, given.Updated = slices.Clone(given.Scopes), t.At.Now
	for _, i := range items {
		if !slices.Contains(given.Scopes, i.key) {
			given.Scopes = append(given.Scopes, i.key)
		}
	}
}

// withheld is what the page lists.
func (a Consent) withheld(ctx context.Context, t *authorize.Turn) ([]item, error) {
	terms, err := a.terms(ctx, t)
	if err != nil {
		return nil, err
	}
	var all []item
	if terms.OnConsent {
		all = append(all, item{t.Client.Key, orName(terms.Text, orName(terms.Name, t.Client.ID))})
	}
	for _, s := range inPlay(t) {
		if s.OnConsent {
			all = append(all, item{s.Key, textOf(s)})
		}
	}
	given := t.User.ConsentTo(t.Client.Key)
	if given == nil || t.Attempt.Request.Asks(login.PromptConsent) || t.Attempt.Request.Device != "" {
		return all, nil
	}
	return slices.DeleteFunc(all, func(i item) bool { return slices.Contains(given.Scopes, i.key) }), nil
}

func textOf(s *realm.ClientScope) string { return orName(s.ConsentText, s.Name) }

func (a Consent) terms(ctx context.Context, t *authorize.Turn) (keycloak.ConsentTerms, error) {
	kept, err := a.Kept.Extra(ctx, t.Realm().Key, realm.KindClient, t.Client.Key)
	if err != nil {
		return keycloak.ConsentTerms{}, err
	}
	return keycloak.KeptConsent(kept), nil
}
