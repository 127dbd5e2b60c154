package authentication

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

func (d Deps) actions(w http.ResponseWriter, r *rest.Request) error {
	set, err := d.set(r)
	if err != nil {
		return err
	}
	return rest.JSON(w, set.Ordered())
}

// named is the required action that the address names.
func (d Deps) named(r *rest.Request) (*authflow.Action, error) {
	set, err := d.set(r)
	if err != nil {
		return nil, err
	}
	a := set.Action(r.PathValue("alias"))
	if a == nil {
		return nil, rest.NotFound("Failed to find required action")
	}
	return a, nil
}

// configurable is the required action that the address names, where it has settings; nil else.
func (d Deps) configurable(r *rest.Request) (*authflow.Action, error) {
	set, err := d.set(r)
	if err != nil {
		return nil, err
	}
	a := set.Action(r.PathValue("alias"))
	if a == nil || len(authflow.ActionSettings(a.Provider)) == 0 {
		return nil, nil
	}
	return a, nil
}

func (d Deps) action(w http.ResponseWriter, r *rest.Request) error {
	a, err := d.named(r)
	if err != nil {
		return err
	}
	return rest.JSON(w, a)
}

func (d Deps) updateAction(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("RequiredActionProvider")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Actions.UpdateAction(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias"), body))
}

func (d Deps) deleteAction(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Actions.DeleteAction(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias")))
}

func (d Deps) raiseAction(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Actions.RaiseAction(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias")))
}

func (d Deps) lowerAction(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Actions.LowerAction(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias")))
}

func (d Deps) actionSettings(w http.ResponseWriter, r *rest.Request) error {
	a, err := d.configurable(r)
	if err != nil {
		return err
	}
	if a == nil {
		return &render.Status{Code: http.StatusBadRequest, Text: "RequiredAction is not configurable"}
	}
	return rest.JSON(w, map[string]any{"config": a.Settings})
}

func (d Deps) configureAction(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("RequiredActionConfig")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Actions.ConfigureAction(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias"), body))
}

func (d Deps) unconfigureAction(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Actions.UnconfigureAction(r.Context(), r.Author, r.Realm.Name, r.PathValue("alias")))
}

func (d Deps) describeAction(w http.ResponseWriter, r *rest.Request) error {
	a, err := d.configurable(r)
	if err != nil {
		return err
	}
	if a == nil {
		return rest.NotFound("Could not find configurable RequiredAction provider")
	}
	return rest.JSON(w, map[string]any{"properties": properties(authflow.ActionSettings(a.Provider))})
}

func (d Deps) unregistered(w http.ResponseWriter, r *rest.Request) error {
	set, err := d.set(r)
	if err != nil {
		return err
	}
	out := []map[string]string{}
	for _, known := range set.Unregistered() {
		out = append(out, map[string]string{"name": known.Name, "providerId": known.ID})
	}
	return rest.JSON(w, out)
}

func (d Deps) register(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("map<str>")
	if err != nil {
		return err
	}
	return rest.Done(w, rest.TakenOf(d.Actions.RegisterAction(r.Context(), r.Author, r.Realm.Name, body)))
}
