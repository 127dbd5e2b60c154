package users

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

func (d Deps) links(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	return rest.JSON(w, linksOf(r.Realm, &a.User))
}

func (d Deps) link(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	body, err := r.Body("FederatedIdentity")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Users.Link(r.Context(), r.Author, r.Realm, a.User.ID, r.PathValue("alias"), body))
}

func (d Deps) unlink(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	return rest.Done(w, d.Users.Unlink(r.Context(), r.Author, r.Realm, a.User.ID, r.PathValue("alias")))
}
