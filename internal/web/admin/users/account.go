package users

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

func (d Deps) create(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("User")
	if err != nil {
		return err
	}
	if err := d.mayJoin(r, keycloak.Value[[]string](body, "groups")); err != nil {
		return err
	}
	id, err := d.Users.Create(r.Context(), r.Author, r.Realm, body)
	if err != nil {
		return err
	}
	return rest.Created(w, r, id)
}

func (d Deps) show(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	o, err := d.View.Full(r.Context(), r.Realm, a)
	if err != nil {
		return err
	}
	withLinks(o, r.Realm, &a.User)
	o.Put("access", access(r))
	if r.Flag("userProfileMetadata", false) {
		p, err := d.Rules.Profile(r.Context(), r.Realm)
		if err != nil {
			return err
		}
		o.Put("userProfileMetadata", keycloak.ProfileMetadata(p, p.Shown(&a.User)))
	}
	return rest.JSON(w, o)
}

func (d Deps) update(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	body, err := r.Body("User")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Users.Update(r.Context(), r.Author, r.Realm, a.User.ID, body))
}

func (d Deps) remove(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	return rest.Done(w, d.Users.Delete(r.Context(), r.Author, r.Realm, &a.User))
}

func (d Deps) unmanaged(w http.ResponseWriter, r *rest.Request, a *user.Account) error {
	p, err := d.Rules.Profile(r.Context(), r.Realm)
	if err != nil {
		return err
	}
	return rest.JSON(w, p.Unmanaged(profile.Of(&a.User)))
}
