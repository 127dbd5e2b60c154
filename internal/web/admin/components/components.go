// Package components serves a realm's components, its keys, and what is asked of user federation.
package components

import (
	"context"
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/component"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	Documents  Documents
	Components Components
}

// Documents are what realms keep of their representations.
type Documents interface {
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
	Extras(ctx context.Context, realmKey string, kind realm.Kind, keys []string) (map[string]realm.Extra, error)
}

// Components changes components.
type Components interface {
	Create(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) (id string, err error)
	Update(ctx context.Context, author audit.Author, realmName, id string, body keycloak.Object) error
	Delete(ctx context.Context, author audit.Author, realmName, id string) error
}

// Routes are the addresses of components, keys and user federation.
func Routes(d Deps) []rest.Route {
	const get, put, post, del = http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete
	view, manage := permit.ToViewRealm, permit.ToManageRealm
	return []rest.Route{
		{Method: get, Path: "/components", Need: view, Handle: d.list},
		{Method: post, Path: "/components", Need: manage, Handle: d.create},
		{Method: get, Path: "/components/{id}", Need: view, Handle: d.get},
		{Method: put, Path: "/components/{id}", Need: manage, Handle: d.update},
		{Method: del, Path: "/components/{id}", Need: manage, Handle: d.delete},
		{Method: get, Path: "/components/{id}/sub-component-types", Need: view, Handle: d.kinds},

		{Method: get, Path: "/keys", Need: view, Handle: keys},

		{Method: get, Path: "/user-storage/{id}/name", Need: permit.ToViewUsers, Handle: d.storageName},
		{Method: post, Path: "/user-storage/{id}/sync", Need: permit.ToManageUsers, Handle: d.inactive},
		{Method: post, Path: "/user-storage/{id}/remove-imported-users", Need: permit.ToManageUsers, Handle: d.inactive},
		{Method: post, Path: "/user-storage/{id}/unlink-users", Need: permit.ToManageUsers, Handle: d.inactive},
		{Method: post, Path: "/user-storage/{id}/mappers/{mapper}/sync", Need: permit.ToManageUsers, Handle: d.inactiveMapper},
		{Method: post, Path: "/testLDAPConnection", Need: manage, Handle: testLDAP},
		{Method: post, Path: "/ldap-server-capabilities", Need: manage, Handle: testLDAP},
	}
}

// all are the realm's components.
func (d Deps) all(r *rest.Request) ([]component.Component, error) {
	kept, err := d.Documents.Extra(r.Context(), r.Realm.Key, realm.KindRealm, r.Realm.Key)
	if err != nil {
		return nil, err
	}
	list := component.Read(r.Realm.ID(), kept)
	providers := r.Realm.Keys()
	names := make([]string, len(providers))
	for i, k := range providers {
		names[i] = k.Key
	}
	extras, err := d.Documents.Extras(r.Context(), r.Realm.Key, realm.KindKey, names)
	if err != nil {
		return nil, err
	}
	for _, k := range providers {
		with := *k
		with.Extra = extras[k.Key]
		list = append(list, component.OfKey(r.Realm.ID(), &with))
	}
	return list, nil
}

func (d Deps) list(w http.ResponseWriter, r *rest.Request) error {
	all, err := d.all(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	asks := func(name, value string) bool { return q.Get(name) == "" || q.Get(name) == value }
	out := []component.Component{}
	for _, c := range all {
		if (asks("parent", c.Parent) || q.Get("parent") == r.Realm.Name && c.Parent == r.Realm.ID()) && asks("type", c.Type) && asks("name", c.Name) && asks("providerId", c.Provider) {
			out = append(out, c.Shown())
		}
	}
	return rest.JSON(w, out)
}

// find is the component that the address names.
func (d Deps) find(r *rest.Request, otherwise string) (*component.Component, error) {
	all, err := d.all(r)
	if err != nil {
		return nil, err
	}
	c := component.Find(all, r.PathValue("id"))
	if c == nil {
		return nil, rest.NotFound(otherwise)
	}
	return c, nil
}

const notFound = "Could not find component"

func (d Deps) get(w http.ResponseWriter, r *rest.Request) error {
	c, err := d.find(r, notFound)
	if err != nil {
		return err
	}
	return rest.JSON(w, c.Shown())
}

func (d Deps) create(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("Component")
	if err != nil {
		return err
	}
	id, err := d.Components.Create(r.Context(), r.Author, r.Realm.Name, body)
	if errors.Is(err, fault.ErrConflict) {
		return rest.Duplicate
	}
	if err != nil {
		return err
	}
	return rest.Created(w, r, id)
}

func (d Deps) update(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("Component")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Components.Update(r.Context(), r.Author, r.Realm.Name, r.PathValue("id"), body))
}

func (d Deps) delete(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Components.Delete(r.Context(), r.Author, r.Realm.Name, r.PathValue("id")))
}

// kinds are the providers of a type that can be part of a component.
func (d Deps) kinds(w http.ResponseWriter, r *rest.Request) error {
	parent, err := d.find(r, "Could not find parent component")
	if err != nil {
		return err
	}
	kind := r.URL.Query().Get("type")
	if kind == "" {
		return &render.Status{Code: http.StatusBadRequest, Text: "must specify a subtype"}
	}
	if len(component.Kinds(kind)) == 0 {
		return rest.BadRequest("Unable to find subtype")
	}
	out := []shownKind{}
	for _, k := range component.Kinds(kind) {
		if k.Parent == "" || k.Parent == parent.Provider {
			out = append(out, show(k))
		}
	}
	return rest.JSON(w, out)
}

// shownKind is a provider as lists show it.
type shownKind struct {
	ID         string         `json:"id"`
	Help       string         `json:"helpText"`
	Properties []any          `json:"properties"`
	Client     []any          `json:"clientProperties"`
	Metadata   map[string]any `json:"metadata"`
}

func show(k component.Kind) shownKind {
	out := shownKind{ID: k.ID, Help: k.Help, Properties: []any{}, Client: []any{}, Metadata: k.Metadata}
	for _, p := range k.Properties {
		out.Properties = append(out.Properties, p)
	}
	if out.Metadata == nil {
		out.Metadata = map[string]any{}
	}
	return out
}
