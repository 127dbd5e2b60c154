// Package authz serves the authorization services of clients, as far as they are configuration. Nobody's
// access is decided by them.
package authz

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authz"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	Servers  Servers
	Contents Contents
}

// Servers are clients as resource servers; fault.ErrNotFound where a client is none.
type Servers interface {
	Server(ctx context.Context, r *realm.Realm, client *realm.Client) (*authz.Server, authz.Names, error)
	Set(ctx context.Context, author audit.Author, r *realm.Realm, client string, body keycloak.Object) error
	Import(ctx context.Context, author audit.Author, r *realm.Realm, client string, body keycloak.Object) error
}

// Contents changes what a resource server consists of: with an id it replaces, without it adds.
type Contents interface {
	PutResource(ctx context.Context, author audit.Author, r *realm.Realm, client, id string, body keycloak.Object) (made string, err error)
	PutScope(ctx context.Context, author audit.Author, r *realm.Realm, client, id string, body keycloak.Object) (made string, err error)
	PutPolicy(ctx context.Context, author audit.Author, r *realm.Realm, client, id, kind string, body keycloak.Object) (made string, err error)
	DeleteResource(ctx context.Context, author audit.Author, r *realm.Realm, client, id string) error
	DeleteScope(ctx context.Context, author audit.Author, r *realm.Realm, client, id string) error
	DeletePolicy(ctx context.Context, author audit.Author, r *realm.Realm, client, id string) error
}

// Routes are the addresses below /clients/{client}/authz/resource-server.
func Routes(d Deps) []rest.Route {
	const put, post, del = http.MethodPut, http.MethodPost, http.MethodDelete
	var routes []rest.Route
	view := func(path string, h handler) {
		routes = append(routes, rest.Route{Method: http.MethodGet, Path: root + path, Need: permit.ToViewAuthorization, Handle: d.with(h)})
	}
	change := func(method, path string, h handler) {
		routes = append(routes, rest.Route{Method: method, Path: root + path, Need: permit.ToManageAuthorization, Handle: d.with(h)})
	}
	add := func(path string, h handler) {
		routes = append(routes, rest.Route{Method: post, Path: root + path, Need: permit.ToManageAuthorization, Handle: d.with(h), Exceptional: true})
	}
	whole := func(path string, h handler) {
		routes = append(routes, rest.Route{Method: http.MethodGet, Path: root + path, Need: permit.ToViewAuthorization, Handle: d.with(h), Exceptional: true})
	}
	whole("", server)
	change(put, "", d.set)
	whole("/settings", settings)
	change(post, "/import", d.load)

	view("/resource", resources)
	add("/resource", d.addResource)
	view("/resource/search", searchResource)
	view("/resource/{id}", resource)
	change(put, "/resource/{id}", d.putResource)
	change(del, "/resource/{id}", d.deleteResource)
	view("/resource/{id}/scopes", resourceScopes)
	view("/resource/{id}/permissions", resourcePermissions)
	view("/resource/{id}/attributes", resourceAttributes)

	view("/scope", scopes)
	add("/scope", d.addScope)
	view("/scope/search", searchScope)
	view("/scope/{id}", scope)
	change(put, "/scope/{id}", d.putScope)
	change(del, "/scope/{id}", d.deleteScope)
	view("/scope/{id}/resources", scopeResources)
	view("/scope/{id}/permissions", scopePermissions)

	for _, noun := range []string{"/policy", "/permission"} {
		of := policiesOf(noun)
		view(noun, of.list)
		add(noun, d.addPolicy)
		view(noun+"/providers", providers)
		view(noun+"/search", of.search)
		change(post, noun+"/evaluate", evaluate)
		view(noun+"/{id}", policyOrList(of))
		add(noun+"/{id}", d.addPolicy)
		change(put, noun+"/{id}", d.putPolicy)
		change(del, noun+"/{id}", d.deletePolicy)
		view(noun+"/{kind}/{id}", typed)
		change(put, noun+"/{kind}/{id}", d.putPolicy)
		change(del, noun+"/{kind}/{id}", d.deletePolicy)
	}
	return routes
}

const root = "/clients/{client}/authz/resource-server"

// call is a request to a resource server, which is loaded.
type call struct {
	*rest.Request
	client *realm.Client
	server *authz.Server
	names  authz.Names
	query  url.Values
}

type handler func(w http.ResponseWriter, c *call) error

// with loads the resource server that the address names.
func (d Deps) with(h handler) rest.Handler {
	return func(w http.ResponseWriter, r *rest.Request) error {
		client, err := r.Client()
		if err != nil {
			return err
		}
		s, names, err := d.Servers.Server(r.Context(), r.Realm, client)
		if err != nil {
			return err
		}
		err = h(w, &call{r, client, s, names, r.URL.Query()})
		if taken, ok := errors.AsType[*authz.Taken](err); ok {
			if taken.Kind != "" {
				return &render.Status{Code: http.StatusConflict, Text: taken.Message, Description: taken.Kind}
			}
			return &render.Status{Code: http.StatusConflict, Text: "invalid_request", Description: taken.Message}
		}
		if errors.Is(err, authz.ErrNoOwner) {
			return &render.Status{Code: http.StatusBadRequest, Text: "invalid_request", Description: authz.ErrNoOwner.Message}
		}
		return err
	}
}

var errNotFound = rest.NotFound("HTTP 404 Not Found")

// byName are the elements of a list in the order in which lists show them.
func byName[T any](list []T, name func(*T) string) []T {
	return slices.SortedStableFunc(slices.Values(list), func(a, b T) int { return strings.Compare(name(&a), name(&b)) })
}

// created answers 201 with what was made, which clients read of it.
func created(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	return render.JSON(w, http.StatusCreated, v)
}

// found answers with what was searched for, 204 where it is not there.
func found[T any](w http.ResponseWriter, v *T, show func(*T) any) error {
	if v == nil {
		return rest.NoContent(w)
	}
	return rest.JSON(w, show(v))
}
