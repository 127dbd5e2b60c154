// Package scopes is the administration API of client scopes, by their name of today and by
// "client-templates", their former one.
package scopes

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/roles"
)

// Deps is what this noun calls.
type Deps struct {
	Scopes *manage.Scopes
	Extras roles.Extras
}

// Prefixes are the addresses that lists of client scopes have.
var Prefixes = []string{"/client-scopes", "/client-templates"}

// Routes are the addresses of client scopes.
func Routes(d Deps) []rest.Route {
	var out []rest.Route
	for _, list := range Prefixes {
		one := list + "/{scope}"
		out = append(out,
			rest.Route{Method: http.MethodGet, Path: list, Need: permit.ToListClients, Handle: d.list},
			rest.Route{Method: http.MethodPost, Path: list, Need: permit.ToManageClients, Handle: d.create, Exceptional: true},
			rest.Route{Method: http.MethodGet, Path: one, Need: permit.ToViewClients, Handle: d.show},
			rest.Route{Method: http.MethodPut, Path: one, Need: permit.ToManageClients, Handle: d.update},
			rest.Route{Method: http.MethodDelete, Path: one, Need: permit.ToManageClients, Handle: d.remove, Exceptional: true})
	}
	return out
}

// Find is the client scope that the path value {scope} names, by its key alone.
func Find(r *rest.Request) (*realm.ClientScope, error) {
	if s := r.Realm.ScopeByKey(r.PathValue("scope")); s != nil {
		return s, nil
	}
	return nil, rest.NotFound("Could not find client scope")
}

// list answers with all client scopes. Who may only ask for clients sees none.
func (d Deps) list(w http.ResponseWriter, r *rest.Request) error {
	var list []*realm.ClientScope
	if r.May(permit.ToViewClients) {
		list = r.Realm.Scopes()
	}
	shown, err := d.represent(r, list)
	if err != nil {
		return err
	}
	return rest.JSON(w, shown)
}

func (d Deps) represent(r *rest.Request, list []*realm.ClientScope) ([]keycloak.Object, error) {
	keys := make([]string, len(list))
	for i, s := range list {
		keys[i] = s.Key
	}
	extras, err := d.Extras.Extras(r.Context(), r.Realm.Key, realm.KindScope, keys)
	if err != nil {
		return nil, err
	}
	out := make([]keycloak.Object, len(list))
	for i, s := range list {
		with := *s
		with.Extra = extras[s.Key]
		out[i] = keycloak.FromClientScope(&with)
	}
	return out, nil
}

func (d Deps) create(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("ClientScope")
	if err != nil {
		return err
	}
	key, err := d.Scopes.Create(r.Context(), r.Author, r.Realm.Name, body)
	if err != nil {
		return err
	}
	return rest.Created(w, r, key)
}

func (d Deps) show(w http.ResponseWriter, r *rest.Request) error {
	s, err := Find(r)
	if err != nil {
		return err
	}
	shown, err := d.represent(r, []*realm.ClientScope{s})
	if err != nil {
		return err
	}
	return rest.JSON(w, shown[0])
}

func (d Deps) update(w http.ResponseWriter, r *rest.Request) error {
	s, err := Find(r)
	if err != nil {
		return err
	}
	body, err := r.Body("ClientScope")
	if err != nil {
		return err
	}
	if !body.Has("name") {
		return rest.BadRequest("Client scope has no name")
	}
	return rest.Done(w, d.Scopes.Update(r.Context(), r.Author, r.Realm.Name, s.Key, body))
}

func (d Deps) remove(w http.ResponseWriter, r *rest.Request) error {
	s, err := Find(r)
	if err != nil {
		return err
	}
	return rest.Done(w, d.Scopes.Delete(r.Context(), r.Author, r.Realm.Name, s.Key))
}
