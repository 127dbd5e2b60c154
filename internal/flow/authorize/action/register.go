package action

import (
	"context"
	"errors"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/inquiry"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
)

// Register lets people make themselves an account.
type Register struct{ *Deps }

func (Register) Path() login.Path { return login.Registration }

func (Register) Open(t *authorize.Turn) (refusal string) {
	if t.Realm().SignIn.Registration {
		return ""
	}
	return "registrationNotAllowedMessage"
}

func (e Register) Challenge(ctx context.Context, t *authorize.Turn) (page.Page, error) {
	values := profile.Attributes{}
	if hint := t.Attempt.Request.LoginHint; hint != "" {
		name := profile.Username
		if t.Realm().EmailAsUsername {
			name = profile.Email
		}
		values[name] = []string{hint}
	}
	return e.page(ctx, t, page.Form{Action: t.FormURL()}, values)
}

func (e Register) page(ctx context.Context, t *authorize.Turn, f page.Form, values profile.Attributes) (page.Page, error) {
	terms, err := e.Rules.Terms(ctx, t.Realm())
	if err != nil {
		return nil, err
	}
	return page.Register{Form: f, Fields: inquiry.Fields(terms.Profile, nil, scopeNames(t), values), Password: true, LoginURL: authorize.Relative(t.TabURL(login.Authenticate))}, nil
}

// Process makes the account; the user is signed in by that. All that is wrong is told at once, but for the
// password, of which it is the first thing.
func (e Register) Process(ctx context.Context, t *authorize.Turn, form url.Values) (authorize.Result, error) {
	terms, err := e.Rules.Terms(ctx, t.Realm())
	if err != nil {
		return authorize.Result{}, err
	}
	given := inquiry.Posted(terms.Profile, nil, scopeNames(t), form)
	id, err := e.People.Register(ctx, e.author(t), t.Realm(), people.Registration{Given: given, Password: form.Get("password"), Scopes: scopeNames(t)}, complaints(form)...)
	wrong, technical := faults(err, func(attribute, message string) []string {
		if message == required && missingOwn[attribute] != "" {
			return []string{missingOwn[attribute]}
		}
		return []string{message}
	})
	if technical != nil {
		return authorize.Result{}, technical
	}
	if len(wrong) > 0 {
		e.recordForm(ctx, t, given, refused(err))
		p, err := e.page(ctx, t, page.Form{Action: t.FormURL(), Wrong: wrong}, given)
		return authorize.Result{Kind: authorize.Again, Page: p}, err
	}
	if t.User, err = e.Users.User(ctx, t.Realm().Key, id); err != nil {
		return authorize.Result{}, err
	}
	t.Event.UserID = id
	e.recordForm(ctx, t, profile.Of(t.User), "")
	return authorize.Result{Kind: authorize.Done}, nil
}

// recordForm records what came of a form; failure is Keycloak's name of it, and empty where there is none.
func (e Register) recordForm(ctx context.Context, t *authorize.Turn, told profile.Attributes, failure string) {
	about := t.Event
	about.Error = ""
	e.Events.Record(context.WithoutCancel(ctx), e.eventOf(about, event.Register, failure, event.Detail{Name: "register_method", Value: "form"},
		event.Detail{Name: "username", Value: told.First(profile.Username)}, event.Detail{Name: "email", Value: told.First(profile.Email)},
		event.Detail{Name: "first_name", Value: told.First(profile.FirstName)}, event.Detail{Name: "last_name", Value: told.First(profile.LastName)}))
}

// refused is Keycloak's name of what is wrong with a form.
func refused(err error) string {
	taken := map[string]bool{}
	for _, e := range each(err) {
		if clash, ok := errors.AsType[*fault.Conflict](e); ok {
			taken[clash.Field] = true
		}
	}
	switch {
	case taken[profile.Email]:
		return "email_in_use"
	case taken[profile.Username]:
		return "username_in_use"
	}
	return "invalid_registration"
}

// complaints are what is wrong with the passwords of the form themselves.
func complaints(form url.Values) []error {
	switch password := form.Get("password"); {
	case password == "":
		return []error{badPassword{"password", page.T("missingPasswordMessage")}}
	case password != form.Get("password-confirm"):
		return []error{badPassword{"password-confirm", page.T("invalidPasswordConfirmMessage")}}
	}
	return nil
}
