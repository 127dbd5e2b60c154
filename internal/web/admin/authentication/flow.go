package authentication

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

func (d Deps) flows(w http.ResponseWriter, r *rest.Request) error {
	set, err := d.set(r)
	if err != nil {
		return err
	}
	return rest.JSON(w, set.Top())
}

func (d Deps) flow(w http.ResponseWriter, r *rest.Request) error {
	set, err := d.set(r)
	if err != nil {
		return err
	}
	f := set.Flow(r.PathValue("id"))
	if f == nil {
		return rest.NotFound("Could not find flow with id")
	}
	return rest.JSON(w, f.Shown())
}

func (d Deps) createFlow(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("AuthenticationFlow")
	if err != nil {
		return err
	}
	id, err := d.Flows.Create(r.Context(), r.Author, r.Realm.Name, body)
	if err != nil {
		return err
	}
	return rest.Created(w, r, id)
}

func (d Deps) updateFlow(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("AuthenticationFlow")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Flows.Update(r.Context(), r.Author, r.Realm.Name, r.PathValue("id"), body))
}

func (d Deps) deleteFlow(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Flows.Delete(r.Context(), r.Author, r.Realm.Name, r.PathValue("id")))
}

func (d Deps) copyFlow(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("map<str>")
	if err != nil {
		return err
	}
	id, err := d.Flows.Copy(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias"), body)
	if err != nil {
		return err
	}
	return rest.Created(w, r, id)
}
