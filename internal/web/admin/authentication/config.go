package authentication

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

func (d Deps) config(w http.ResponseWriter, r *rest.Request) error {
	set, err := d.set(r)
	if err != nil {
		return err
	}
	c := set.Config(r.PathValue("config"))
	if c == nil {
		return rest.NotFound("Could not find authenticator config")
	}
	return rest.JSON(w, c.Shown())
}

func (d Deps) configure(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("AuthenticatorConfig")
	if err != nil {
		return err
	}
	id, err := d.Configs.Configure(r.Context(), r.Author, r.Realm.Name, r.PathValue("id"), body)
	if err != nil {
		return err
	}
	return rest.Created(w, r, id)
}

func (d Deps) createConfig(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("AuthenticatorConfig")
	if err != nil {
		return err
	}
	id, err := d.Configs.CreateConfig(r.Context(), r.Author, r.Realm.Name, body)
	if err != nil {
		return err
	}
	return rest.Created(w, r, id)
}

func (d Deps) updateConfig(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("AuthenticatorConfig")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Configs.UpdateConfig(r.Context(), r.Author, r.Realm.Name, r.PathValue("config"), body))
}

func (d Deps) deleteConfig(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Configs.DeleteConfig(r.Context(), r.Author, r.Realm.Name, r.PathValue("config")))
}
