// Package providers serves identity providers and the mappers of what they tell.
package providers

import (
	"context"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	Documents Documents
	Providers Providers
	Mappers   Mappers
	Fetch     Fetch
	Groups    Groups
}

// Documents are what realms keep of representations.
type Documents interface {
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
	Extras(ctx context.Context, realmKey string, kind realm.Kind, keys []string) (map[string]realm.Extra, error)
}

// Providers changes identity providers.
type Providers interface {
	Create(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) error
	Update(ctx context.Context, author audit.Author, realmName, alias string, body keycloak.Object) error
	Delete(ctx context.Context, author audit.Author, realmName, alias string) error
}

// Mappers changes the mappers of identity providers.
type Mappers interface {
	AddMapper(ctx context.Context, author audit.Author, realmName, alias string, body keycloak.Object) (id string, err error)
	UpdateMapper(ctx context.Context, author audit.Author, realmName, alias, id string, body keycloak.Object) error
	DeleteMapper(ctx context.Context, author audit.Author, realmName, alias, id string) error
}

// Groups are the groups that mappers name; fault.ErrNotFound where there is none.
type Groups interface {
	GroupByPath(ctx context.Context, realmKey, path string) (*realm.Group, error)
	rest.Lineages
}

// Fetch fetches what others publish, from the public internet alone unless it is configured otherwise.
type Fetch interface {
	Document(ctx context.Context, url string) ([]byte, error)
}

// Routes are the addresses below /identity-provider.
func Routes(d Deps) []rest.Route {
	const get, put, post, del = http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete
	const root, one = "/identity-provider", "/identity-provider/instances/{alias}"
	view, manage := permit.ToViewProviders, permit.ToManageProviders
	return []rest.Route{
		{Method: get, Path: root + "/instances", Need: view, Handle: d.list},
		{Method: post, Path: root + "/instances", Need: manage, Handle: d.create},
		{Method: get, Path: one, Need: view, Handle: d.get},
		{Method: put, Path: one, Need: manage, Handle: d.update, Exceptional: true},
		{Method: del, Path: one, Need: manage, Handle: d.delete, Exceptional: true},
		{Method: get, Path: one + "/export", Need: view, Handle: d.export},
		{Method: get, Path: one + "/reload-keys", Need: manage, Handle: d.reloadKeys},
		{Method: get, Path: one + "/management/permissions", Need: view, Handle: d.permissions},
		{Method: put, Path: one + "/management/permissions", Need: manage, Handle: d.permissions},

		{Method: get, Path: one + "/mapper-types", Need: view, Handle: d.mapperTypes},
		{Method: get, Path: one + "/mappers", Need: view, Handle: d.mappers},
		{Method: post, Path: one + "/mappers", Need: manage, Handle: d.addMapper},
		{Method: get, Path: one + "/mappers/{mapper}", Need: view, Handle: d.mapper},
		{Method: put, Path: one + "/mappers/{mapper}", Need: manage, Handle: d.updateMapper, Exceptional: true},
		{Method: del, Path: one + "/mappers/{mapper}", Need: manage, Handle: d.deleteMapper, Exceptional: true},

		{Method: get, Path: root + "/providers/{kind}", Need: view, Handle: kind},
		{Method: post, Path: root + "/import-config", Need: manage, Handle: d.importConfig},
		{Method: post, Path: root + "/upload-certificate", Need: manage, Handle: uploadCertificate},
	}
}

// find is the identity provider that the address names. It has no text of its own where there is none.
func (d Deps) find(r *rest.Request) (*realm.Provider, error) {
	p := r.Realm.Provider(r.PathValue("alias"))
	if p == nil {
		return nil, rest.NotFound("HTTP 404 Not Found")
	}
	return p, nil
}
