package roles

import (
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

var errNameless = &render.Status{Code: http.StatusBadRequest, Text: "role has no name"}

func (d Deps) create(w http.ResponseWriter, r *rest.Request) error {
	client, err := container(r)
	if err != nil {
		return err
	}
	body, err := r.Body("Role")
	if err != nil {
		return err
	}
	name := body.Text("name")
	if name == "" {
		return errNameless
	}
	if err := mayShape(r, &realm.Role{Name: name, Client: key(client)}); err != nil {
		return err
	}
	includes, err := included(r, body)
	if err != nil {
		return err
	}
	err = d.Roles.Create(r.Context(), r.Author, manage.NewRole{Realm: r.Realm.Name, Client: key(client), Representation: body,
		Includes: includes, Path: path(client, name)})
	if err != nil {
		return err
	}
	return rest.Created(w, r, name)
}

// included are the keys of the roles that a new role names as its composites.
func included(r *rest.Request, body keycloak.Object) ([]string, error) {
	if !keycloak.Value[bool](body, "composite") {
		return nil, nil
	}
	var keys []string
	for _, n := range keycloak.NamedRoles(keycloak.Value[keycloak.Object](body, "composites"), "realm", "client") {
		part := r.Realm.Role(n.RoleRef)
		if part == nil {
			kind := "Realm"
			if n.Client != "" {
				kind = "Client"
			}
			return nil, &render.Message{Code: http.StatusNotFound, Text: kind + " Role with name " + n.Name + " does not exist"}
		}
		if err := mayInclude(r, part); err != nil {
			return nil, err
		}
		keys = append(keys, part.Key)
	}
	return keys, nil
}

func (d Deps) show(w http.ResponseWriter, r *rest.Request, f found) error {
	full, err := Full(r.Context(), d.Extras, r.Realm, []*realm.Role{f.role})
	if err != nil {
		return err
	}
	return rest.JSON(w, full[0])
}

func (d Deps) update(w http.ResponseWriter, r *rest.Request, f found) error {
	body, err := r.Body("Role")
	if err != nil {
		return err
	}
	name := body.Text("name")
	if name == "" {
		return errNameless
	}
	if err := mayShape(r, &realm.Role{Name: name, Client: f.role.Client}); err != nil {
		return err
	}
	err = d.Roles.Update(r.Context(), r.Author, f.at, body)
	if errors.Is(err, fault.ErrConflict) {
		return rest.Duplicate
	}
	return rest.Done(w, err)
}

func (d Deps) remove(w http.ResponseWriter, r *rest.Request, f found) error {
	return rest.Done(w, d.Roles.Delete(r.Context(), r.Author, f.at))
}

// noPermissions answers for fine-grained permissions, which there are none of.
func noPermissions(http.ResponseWriter, *rest.Request, found) error { return rest.FeatureOff }
