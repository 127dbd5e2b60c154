package users

import (
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// credentials lists what a user signs in with, without anything secret.
func (d Deps) credentials(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	out := []keycloak.Object{}
	for _, c := range a.Credentials {
		o := keycloak.FromCredential(c)
		delete(o, "secretData")
		delete(o, "priority") // their order shows it
		out = append(out, o)
	}
	return rest.JSON(w, out)
}

// resetPassword sets a password, whatever type the body says that it is.
func (d Deps) resetPassword(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	body, err := r.Body("Credential")
	if err != nil {
		return err
	}
	password := body.Text("value")
	switch {
	case !body.Has("value"):
		return &render.Status{Code: http.StatusBadRequest, Text: "No password provided"}
	case strings.TrimSpace(password) == "":
		return &render.Status{Code: http.StatusBadRequest, Text: "Empty password not allowed"}
	}
	err = d.Users.ResetPassword(r.Context(), r.Author, r.Realm, a.User.ID, password, keycloak.Value[bool](body, "temporary"))
	return rest.Done(w, err)
}

func (d Deps) deleteCredential(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	return rest.Done(w, d.Users.DeleteCredential(r.Context(), r.Author, r.Realm, a.User.ID, r.PathValue("credential")))
}

func (d Deps) labelCredential(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	label, err := r.Text()
	if err != nil {
		return err
	}
	err = d.Users.LabelCredential(r.Context(), r.Author, r.Realm, a.User.ID, r.PathValue("credential"), label)
	return rest.Done(w, rest.TakenOf(err))
}

// moveCredential puts a credential behind another, or first.
func (d Deps) moveCredential(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	err := d.Users.MoveCredential(r.Context(), r.Author, r.Realm, a.User.ID, r.PathValue("credential"), r.PathValue("after"))
	return rest.Done(w, err)
}

// disableTypes changes nothing, since credentials that can be switched off belong to user storage elsewhere.
func (d Deps) disableTypes(w http.ResponseWriter, r *rest.Request, _ *user.Account) error {
	if _, err := r.Texts(); err != nil {
		return err
	}
	return rest.NoContent(w)
}

// storageTypes lists the kinds of credentials that are kept in user storage elsewhere: none.
func (d Deps) storageTypes(w http.ResponseWriter, _ *rest.Request, _ *user.Account) error {
	return rest.JSON(w, []string{})
}

func (d Deps) removeOTP(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	return rest.Done(w, d.Users.DeleteCredentials(r.Context(), r.Author, r.Realm, a.User.ID, user.KindOTP, "remove-totp"))
}
