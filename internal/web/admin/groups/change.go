package groups

import (
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// create makes a group at the top, or moves the one whose id the body has there.
func (d Deps) create(w http.ResponseWriter, r *rest.Request) error {
	body, err := named(r)
	if err != nil {
		return err
	}
	if id := body.Text("id"); id != "" {
		return d.move(w, r, id, "")
	}
	made, err := d.Groups.Create(r.Context(), r.Author, r.Realm, nil, body)
	if err != nil {
		return err
	}
	return rest.Created(w, r, made.Key)
}

const jsonType = "application/json;charset=UTF-8"

// addChild makes a group below another, or moves the one whose id the body has there.
func (d Deps) addChild(w http.ResponseWriter, r *rest.Request) error {
	parent, above, err := d.lineage(r)
	if err != nil {
		return err
	}
	body, err := named(r)
	if err != nil {
		return err
	}
	if id := body.Text("id"); id != "" {
		if !r.Administrator.MayJoin(r.Realm, above) {
			return rest.Forbidden
		}
		w.Header().Set("Content-Type", jsonType) // though there is no body
		return d.move(w, r, id, parent.Key)
	}
	made, err := d.Groups.Create(r.Context(), r.Author, r.Realm, parent, body)
	if err != nil {
		return err
	}
	o := keycloak.FromGroup(r.Realm, made)
	o.Put("access", access(r))
	w.Header().Set("Location", r.Base+"/admin/realms/"+r.PathValue("realm")+"/groups/"+made.Key)
	w.Header().Set("Content-Type", jsonType)
	return render.JSON(w, http.StatusCreated, keycloak.InOrder(o))
}

// named reads a group that has a name, as every change demands.
func named(r *rest.Request) (keycloak.Object, error) {
	body, err := r.Body("Group")
	if err == nil && strings.TrimSpace(body.Text("name")) == "" {
		err = rest.BadRequest("Group name is missing")
	}
	return body, err
}

func (d Deps) move(w http.ResponseWriter, r *rest.Request, key, parent string) error {
	if _, _, err := d.find(r, key, errNoChild); err != nil {
		return err
	}
	return rest.Done(w, d.Groups.Move(r.Context(), r.Author, r.Realm, key, parent))
}

func (d Deps) update(w http.ResponseWriter, r *rest.Request) error {
	return d.changed(w, r, func(g *realm.Group) error {
		body, err := named(r)
		if err != nil {
			return err
		}
		if id := body.Text("id"); id != "" && id != g.Key {
			return rest.BadRequest("Invalid group id")
		}
		return d.Groups.Update(r.Context(), r.Author, r.Realm, g.Key, body)
	})
}

func (d Deps) remove(w http.ResponseWriter, r *rest.Request) error {
	return d.changed(w, r, func(g *realm.Group) error { return d.Groups.Delete(r.Context(), r.Author, r.Realm, g) })
}

// changed finds the group that is to be changed.
func (d Deps) changed(w http.ResponseWriter, r *rest.Request, change func(*realm.Group) error) error {
	g, _, err := d.lineage(r)
	if err != nil {
		return err
	}
	return rest.Done(w, change(g))
}
