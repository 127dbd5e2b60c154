package users

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// profile answers with the realm's user profile configuration.
func (d Deps) profile(w http.ResponseWriter, r *rest.Request) error {
	p, err := d.Rules.Profile(r.Context(), r.Realm)
	if err != nil {
		return err
	}
	return rest.JSON(w, keycloak.FromProfile(p.Config))
}

// configure replaces the configuration, and answers with it as profile does.
func (d Deps) configure(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("UPConfig")
	if err != nil {
		return err
	}
	c, err := keycloak.ToProfile(body)
	if err != nil {
		return rest.WrongType // there is no such policy for unmanaged attributes
	}
	if err := d.Profiles.Configure(r.Context(), r.Author, r.Realm, c, body); err != nil {
		return err
	}
	return rest.JSON(w, keycloak.FromProfile(c))
}

// metadata answers with what a form for a new user needs to know.
func (d Deps) metadata(w http.ResponseWriter, r *rest.Request) error {
	p, err := d.Rules.Profile(r.Context(), r.Realm)
	if err != nil {
		return err
	}
	return rest.JSON(w, keycloak.ProfileMetadata(p, p.Shown(nil)))
}
