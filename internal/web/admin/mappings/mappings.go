// Package mappings is the administration API of who has which roles: those that users and groups hold
// (Keycloak: role mappings), and those that clients and client scopes carry into tokens (scope mappings).
package mappings

import (
	"context"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/roles"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/scopes"
)

// Deps is what this noun calls.
type Deps struct {
	Held    *people.Mappings
	Carried *manage.Carried
	Holders Holders
	Extras  roles.Extras
}

// Holders finds users and groups.
type Holders interface {
	User(ctx context.Context, realmKey, id string) (*user.User, error)
	Group(ctx context.Context, realmKey, key string) (*realm.Group, error)
}

// Routes are the addresses of mappings.
func Routes(d Deps) []rest.Route {
	list := []resource{
		{Deps: d, path: "/users/{user}/role-mappings", kind: held, find: d.user},
		{Deps: d, path: "/groups/{group}/role-mappings", kind: held, find: d.group},
		{Deps: d, path: "/clients/{client}/scope-mappings", kind: carried, find: d.client},
	}
	for _, prefix := range scopes.Prefixes {
		list = append(list, resource{Deps: d, path: prefix + "/{scope}/scope-mappings", kind: carried, find: d.scope})
	}
	var out []rest.Route
	for _, s := range list {
		out = append(out, s.routes()...)
	}
	return out
}

// subject is who has roles, and how that changes.
type subject struct {
	keys      []string             // of the roles that it has itself
	effective func() realm.RoleSet // with all that these include, and that it has otherwise
	client    string               // the key of the client that it is the scope of, whose own roles it has anyway; empty of others

	add, remove func(ctx context.Context, p people.Part) error
}

// resource is where the roles of subjects of one sort are found.
type resource struct {
	Deps
	kind
	path string
	find func(*rest.Request) (*subject, error)
}

func (s resource) routes() []rest.Route {
	out := []rest.Route{{Method: http.MethodGet, Path: s.path, Need: s.view, Handle: s.all}}
	for _, part := range []struct {
		path string
		of   func(*rest.Request) (string, error)
	}{
		{s.path + "/realm", func(*rest.Request) (string, error) { return "", nil }},
		{s.path + "/clients/{container}", s.container},
	} {
		out = append(out,
			rest.Route{Method: http.MethodGet, Path: part.path, Need: s.view, Handle: s.listing(part.of, direct, brief)},
			rest.Route{Method: http.MethodGet, Path: part.path + "/available", Need: s.view, Handle: s.listing(part.of, s.available, brief)},
			rest.Route{Method: http.MethodGet, Path: part.path + "/composite", Need: s.view, Handle: s.listing(part.of, composite, asAsked)},
			rest.Route{Method: http.MethodPost, Path: part.path, Need: s.change, Handle: s.changing(part.of, s.grant)},
			rest.Route{Method: http.MethodDelete, Path: part.path, Need: s.change, Handle: s.changing(part.of, s.revoke)})
	}
	return out
}

// container is the key of the client whose roles the address is about.
func (s resource) container(r *rest.Request) (string, error) {
	c, err := r.ClientAt("container")
	if err != nil {
		return "", s.noClient
	}
	return c.Key, nil
}

// all answers with all roles that the subject has itself, those of clients by client_id.
func (s resource) all(w http.ResponseWriter, r *rest.Request) error {
	found, err := s.find(r)
	if err != nil {
		return err
	}
	var list []*realm.Role
	for _, key := range found.keys {
		if role := r.Realm.RoleByKey(key); role != nil && s.shows(r, role) {
			list = append(list, role)
		}
	}
	shown, err := roles.Brief(r.Context(), s.Extras, r.Realm, list)
	if err != nil {
		return err
	}
	own := []keycloak.Object{}
	ofClients := map[string][]keycloak.Object{}
	for i, role := range list {
		if role.Client == "" {
			own = append(own, shown[i])
			continue
		}
		ofClients[role.Client] = append(ofClients[role.Client], shown[i])
	}
	out := keycloak.Object{}
	if len(own) > 0 {
		out.Put("realmMappings", own)
	}
	if len(ofClients) > 0 {
		out.Put("clientMappings", byClient(r.Realm, ofClients))
	}
	return rest.JSON(w, out)
}

// byClient are the roles of clients with the clients that they are of.
func byClient(r *realm.Realm, roles map[string][]keycloak.Object) map[string]keycloak.Object {
	out := map[string]keycloak.Object{}
	for key, list := range roles {
		if c := r.ClientByKey(key); c != nil {
			o := keycloak.Object{}
			o.Put("id", c.Key)
			o.Put("client", c.ID)
			o.Put("mappings", list)
			out[c.ID] = o
		}
	}
	return out
}

// choice tells whether a list of some part of the subject's roles has a role.
type choice func(*rest.Request, *subject) func(*realm.Role) bool

// direct chooses the roles that the subject has itself.
func direct(_ *rest.Request, s *subject) func(*realm.Role) bool {
	keys := map[string]bool{}
	for _, key := range s.keys {
		keys[key] = true
	}
	return func(role *realm.Role) bool { return keys[role.Key] }
}

// composite chooses the roles that the subject has, however it comes to them.
func composite(_ *rest.Request, s *subject) func(*realm.Role) bool {
	all := s.effective()
	return all.Has
}

// available chooses the roles that the caller could give the subject.
func (s resource) available(r *rest.Request, found *subject) func(*realm.Role) bool {
	has := direct(r, found)
	return func(role *realm.Role) bool {
		anyway := role.Client != "" && role.Client == found.client
		return r.May(s.change) && !has(role) && !anyway && s.may(r, role)
	}
}

// representation makes what is shown of roles.
type representation func(context.Context, roles.Extras, *realm.Realm, []*realm.Role) ([]keycloak.Object, error)

func brief(*rest.Request) representation { return roles.Brief }

// asAsked is brief unless the request asks for more.
func asAsked(r *rest.Request) representation {
	if r.Flag("briefRepresentation", true) {
		return roles.Brief
	}
	return roles.Full
}

// listing answers with those roles of a part that are chosen.
func (s resource) listing(of func(*rest.Request) (string, error), choose choice, as func(*rest.Request) representation) rest.Handler {
	return func(w http.ResponseWriter, r *rest.Request) error {
		found, err := s.find(r)
		if err != nil {
			return err
		}
		container, err := of(r)
		if err != nil {
			return err
		}
		chosen := choose(r, found)
		var list []*realm.Role
		for _, role := range r.Realm.RolesOf(container) {
			if chosen(role) {
				list = append(list, role)
			}
		}
		shown, err := as(r)(r.Context(), s.Extras, r.Realm, list)
		if err != nil {
			return err
		}
		return rest.JSON(w, shown)
	}
}
