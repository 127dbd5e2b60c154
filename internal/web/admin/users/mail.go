package users

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

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
	return d.ask(w, r, a, people.Asking{Actions: actions, Path: "execute-actions-email"}, unsentActions)
}

// resetByMail asks the user by mail for a new password.
func (d Deps) resetByMail(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	return d.ask(w, r, a, people.Asking{Actions: []string{"UPDATE_PASSWORD"}, Path: "reset-password-email"}, unsentActions)
}

// verifyAddress asks the user by mail whether the address is theirs.
func (d Deps) verifyAddress(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	return d.ask(w, r, a, people.Asking{Path: "send-verify-email"}, func(string) string { return "Failed to send verify email" })
}

func unsentActions(why string) string { return "Failed to send execute actions email: " + why }

// ask asks the user by mail. Where the realm has no mail server the caller has to set it first; where it does not take
// the letter, trying again may help. Both are told in the words of text.
func (d Deps) ask(w http.ResponseWriter, r *rest.Request, a *user.Account, q people.Asking, text func(why string) string) error {
	p := r.URL.Query()
	q.Client, q.Redirect = given(p, "client_id"), given(p, "redirect_uri")
	if life := given(p, "lifespan"); life != nil {
		seconds, err := strconv.ParseInt(*life, 10, 32)
		if err != nil {
			return rest.NotFound("HTTP 404 Not Found") // as for all parameters that must be numbers
		}
		span := time.Duration(seconds) * time.Second
		q.Life = &span
	}
	err := d.Postbox.Ask(r.Context(), r.Author, r.Realm, &a.User, q)
	if unsent, ok := errors.AsType[*people.Unsent](err); ok {
		code := http.StatusServiceUnavailable
		if unsent.NoRoute {
			code = http.StatusBadRequest
		}
		return &render.Message{Code: code, Text: text(unsent.Reason)}
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
