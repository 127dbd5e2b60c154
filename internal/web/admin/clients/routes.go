// Package clients is what administrators read and change of clients.
package clients

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	Clients  *manage.Clients
	Kept     Kept
	Sessions Sessions
	Users    Users
	Nodes    Nodes
}

// Kept is what the store keeps of documents without acting on it.
type Kept interface {
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
	Extras(ctx context.Context, realmKey string, kind realm.Kind, keys []string) (map[string]realm.Extra, error)
}

// Sessions are who is signed in.
type Sessions interface {
	FindSessions(ctx context.Context, realmKey string, q session.Query, first, max int) ([]session.Session, error)
	CountSessions(ctx context.Context, realmKey string, q session.Query) (int, error)
	Grants(ctx context.Context, realmKey, sessionID string, offline bool) ([]session.Grant, error)
}

// Users are people and service accounts; fault.ErrNotFound where there is none of the id.
type Users interface {
	User(ctx context.Context, realmKey, id string) (*user.User, error)
}

// Routes are the addresses of clients.
func Routes(d Deps) []rest.Route {
	get := func(path string, need permit.Need, h handler) rest.Route {
		return rest.Route{Method: http.MethodGet, Path: "/clients/{client}" + path, Need: need, Handle: h.ofClient}
	}
	change := func(method, path string, h handler) rest.Route {
		return rest.Route{Method: method, Path: "/clients/{client}" + path, Need: permit.ToManageClients, Handle: h.ofClient}
	}
	uncached := func(r rest.Route) rest.Route {
		r.Exceptional = true
		return r
	}
	routes := []rest.Route{
		{Method: http.MethodGet, Path: "/clients", Need: permit.ToListClients, Handle: d.list},
		{Method: http.MethodPost, Path: "/clients", Need: permit.ToManageClients, Handle: d.create},
		get("", permit.ToViewClients, d.read),
		change(http.MethodPut, "", d.update),
		uncached(change(http.MethodDelete, "", d.remove)),

		get("/client-secret", permit.ToViewClients, d.secret),
		change(http.MethodPost, "/client-secret", d.newSecret),
		get("/client-secret/rotated", permit.ToViewClients, d.rotatedSecret),
		change(http.MethodDelete, "/client-secret/rotated", d.dropRotatedSecret),
		get("/service-account-user", permit.ToViewClients, d.serviceAccount),

		get("/client-scopes", permit.ToViewClients, d.scopes),
		get("/default-client-scopes", permit.ToViewClients, d.scopesAs(manage.Default)),
		get("/optional-client-scopes", permit.ToViewClients, d.scopesAs(manage.Optional)),

		get("/session-count", permit.ToViewClients, d.countSessions(online)),
		get("/offline-session-count", permit.ToViewClients, d.countSessions(offline)),
		get("/user-sessions", permit.ToViewClients, d.sessions(online)),
		get("/offline-sessions", permit.ToViewClients, d.sessions(offline)),

		change(http.MethodPost, "/nodes", d.addNode),
		uncached(change(http.MethodDelete, "/nodes/{node}", d.dropNode)),
		get("/test-nodes-available", permit.ToManageClients, d.testNodes),
		change(http.MethodPost, "/push-revocation", d.pushRevocation),

		get("/installation/providers/{provider}", permit.ToViewClients, d.installation),
		get("/management/permissions", permit.ToViewClients, d.noPermissions),
		change(http.MethodPut, "/management/permissions", d.noPermissions),
	}
	for _, as := range []manage.Assignment{manage.Default, manage.Optional} {
		routes = append(routes,
			uncached(change(http.MethodPut, "/"+as.Path()+"/{scope}", d.assign(as))),
			uncached(change(http.MethodDelete, "/"+as.Path()+"/{scope}", d.unassign(as))))
	}
	return append(append(routes, d.certificateRoutes(change, get)...), d.exampleRoutes(get)...)
}

// handler answers a request to what belongs to a client.
type handler func(w http.ResponseWriter, r *rest.Request, c *realm.Client) error

func (h handler) ofClient(w http.ResponseWriter, r *rest.Request) error {
	c, err := r.Client()
	if err != nil {
		return err
	}
	return h(w, r, c)
}

// refused puts what is wrong with a client in Keycloak's words. Settings of our own, and what Keycloak
// answers with a 500, are told as what they are.
func refused(err error) error {
	var taken *fault.Conflict
	if errors.As(err, &taken) && taken.Message == "" {
		return rest.Duplicate
	}
	var invalid *fault.Invalid
	if errors.As(err, &invalid) && !ours(invalid.Field) {
		return &render.Status{Code: http.StatusBadRequest, Text: "invalid_input", Description: invalid.Message}
	}
	return err
}

func ours(field string) bool {
	return strings.HasPrefix(field, "attributes.tokenhouse.") || strings.HasPrefix(field, "protocolMappers[")
}

// noPermissions answers what asks for Keycloak's fine-grained permissions of administrators.
func (d Deps) noPermissions(http.ResponseWriter, *rest.Request, *realm.Client) error {
	return rest.FeatureOff
}
