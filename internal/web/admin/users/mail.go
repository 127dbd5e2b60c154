package users

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// executeActions asks the user by mail for the required actions that the body names.
func (d Deps) executeActions(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	actions, err := r.Texts()
	if err != nil {
		return err
	}
	return d.ask(w, r, a, actions, func(why string) string { return "Failed to send execute actions email: " + why })
}

// resetByMail asks the user by mail for a new password.
func (d Deps) resetByMail(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	return d.ask(w, r, a, []string{"UPDATE_PASSWORD"}, func(why string) string { return "Failed to send execute actions email: " + why })
}

// verifyAddress asks the user by mail whether the address is theirs.
func (d Deps) verifyAddress(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	return d.ask(w, r, a, nil, func(string) string { return "Failed to send verify email" })
}

func (d Deps) ask(w http.ResponseWriter, r *rest.Request, a *user.Account, actions []string, text func(why string) string) error {
	p := r.URL.Query()
	err := d.Users.Ask(r.Context(), r.Realm, &a.User, people.Asking{Client: given(p, "client_id"), Redirect: given(p, "redirect_uri"), Actions: actions})
	if refused, ok := errors.AsType[*fault.Refused](err); ok {
		return rest.BadRequest(text(refused.Message))
	}
	if errors.Is(err, people.ErrNoPages) {
		return &render.Message{Code: http.StatusNotImplemented, Text: text(err.Error())}
	}
	return rest.Done(w, err)
}

// given is a parameter that may be absent.
func given(p url.Values, name string) *string {
	if !p.Has(name) {
		return nil
	}
	value := p.Get(name)
	return &value
}
