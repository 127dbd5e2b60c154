// Package realms is what administrators do to realms themselves: make, read, change and delete them, and set
// what is true of all that they hold.
package realms

import (
	"context"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	Realms   Realms
	Defaults Defaults
	Stored   Stored
	Mail     Mail
}

// Realms changes realms.
type Realms interface {
	Create(ctx context.Context, author audit.Author, doc manage.Document) (name string, err error)
	Update(ctx context.Context, author audit.Author, name string, put keycloak.Object) error
	Delete(ctx context.Context, author audit.Author, name string) error
	SetEvents(ctx context.Context, author audit.Author, name string, put keycloak.Object) error
}

// Defaults changes what new users and new clients of a realm get.
type Defaults interface {
	AddDefaultGroup(ctx context.Context, author audit.Author, name, group string) error
	DropDefaultGroup(ctx context.Context, author audit.Author, name, group string) error
	AddDefaultScope(ctx context.Context, author audit.Author, name, scope string, as manage.Assignment) error
	DropDefaultScope(ctx context.Context, author audit.Author, name, scope string, as manage.Assignment) error
}

// Stored is what realms are read from.
type Stored interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
	RealmNames(ctx context.Context) ([]string, error)
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
	Group(ctx context.Context, realmKey, key string) (*realm.Group, error)
	Lineage(ctx context.Context, realmKey string, keys []string) ([]*realm.Group, error)
	Append(ctx context.Context, audit []event.Admin) error
}

// Mail tries whether the mail server of a realm's "smtpServer" would take mails, and says why not.
type Mail interface {
	Try(ctx context.Context, settings map[string]string) error
}

// Routes are the addresses of realms.
func Routes(d Deps) []rest.Route {
	const all, one = "/admin/realms", ""
	routes := []rest.Route{
		{Method: http.MethodGet, Path: all, Handle: d.list},
		{Method: http.MethodPost, Path: all, Handle: d.create, Limit: longestFile},
		{Method: http.MethodGet, Path: one, Need: permit.ToNameRealm, Handle: d.get},
		{Method: http.MethodPut, Path: one, Need: permit.ToManageRealm, Handle: d.update},
		{Method: http.MethodDelete, Path: one, Need: permit.ToManageRealm, Handle: d.delete},

		{Method: http.MethodGet, Path: "/events/config", Need: permit.ToViewEvents, Handle: d.events},
		{Method: http.MethodPut, Path: "/events/config", Need: permit.ToManageEvents, Handle: d.setEvents},

		{Method: http.MethodGet, Path: "/default-groups", Need: permit.ToViewRealm, Handle: d.groups},
		{Method: http.MethodPut, Path: "/default-groups/{group}", Need: permit.ToManageRealm, Handle: d.addGroup, Exceptional: true},
		{Method: http.MethodDelete, Path: "/default-groups/{group}", Need: permit.ToManageRealm, Handle: d.dropGroup, Exceptional: true},

		{Method: http.MethodGet, Path: "/credential-registrators", Need: permit.ToViewRealm, Handle: d.registrators},
		{Method: http.MethodPost, Path: "/testSMTPConnection", Need: permit.ToManageRealm, Handle: d.tryMail},
	}
	for path, as := range map[string]manage.Assignment{"/default-default-client-scopes": manage.Default, "/default-optional-client-scopes": manage.Optional} {
		routes = append(routes,
			rest.Route{Method: http.MethodGet, Path: path, Need: permit.ToViewClients, Handle: d.scopes(as)},
			rest.Route{Method: http.MethodPut, Path: path + "/{scope}", Need: permit.ToManageClients, Handle: d.addScope(as), Exceptional: true},
			rest.Route{Method: http.MethodDelete, Path: path + "/{scope}", Need: permit.ToManageClients, Handle: d.dropScope(as), Exceptional: true})
	}
	for _, cache := range []string{"realm", "user", "keys", "crl"} {
		routes = append(routes, rest.Route{Method: http.MethodPost, Path: "/clear-" + cache + "-cache", Need: permit.ToManageRealm, Handle: d.clearCache(cache)})
	}
	return routes
}
