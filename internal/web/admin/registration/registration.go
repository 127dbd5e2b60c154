// Package registration is how clients register themselves, and what administrators say beforehand of who
// may.
package registration

import (
	"context"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/register"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	Registrar *register.Registrar
	Kept      Kept
}

// Kept is what the store keeps of documents without acting on it.
type Kept interface {
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
}

// Routes are the addresses of registration, and of what administrators say of it.
func Routes(d Deps) []rest.Route {
	const initial = "/clients-initial-access"
	uncached := func(path string, h rest.Handler) rest.Route {
		return rest.Route{Method: http.MethodGet, Path: path, Need: permit.ToViewClients, Handle: h, Exceptional: true}
	}
	routes := []rest.Route{
		uncached(initial, d.listInitial),
		{Method: http.MethodPost, Path: initial, Need: permit.ToManageClients, Handle: d.createInitial},
		{Method: http.MethodDelete, Path: initial + "/{id}", Need: permit.ToManageClients, Handle: d.dropInitial},
		{Method: http.MethodPost, Path: "/clients/{client}/registration-access-token", Need: permit.ToManageClients, Handle: d.newToken},
		{Method: http.MethodPost, Path: "/client-description-converter", Need: permit.ToManageClients, Handle: d.convert},
		{Method: http.MethodGet, Path: "/client-registration-policy/providers", Need: permit.ToViewRealm | permit.ToViewClients, Handle: d.policies},
		{Method: http.MethodGet, Path: service + "/install/{id}", Handle: d.install, Open: true},
	}
	for name, format := range map[string]format{"default": plain, "openid-connect": oidc} {
		at := service + "/" + name
		routes = append(routes,
			rest.Route{Method: http.MethodPost, Path: at, Handle: d.create(format), Open: true, Limit: longest},
			rest.Route{Method: http.MethodGet, Path: at + "/{id}", Handle: d.read(format), Open: true},
			rest.Route{Method: http.MethodPut, Path: at + "/{id}", Handle: d.update(format), Open: true, Limit: longest},
			rest.Route{Method: http.MethodDelete, Path: at + "/{id}", Handle: d.remove, Open: true})
	}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		for _, at := range []string{"/{provider}", "/{provider}/{id}"} {
			routes = append(routes, rest.Route{Method: method, Path: service + at, Handle: noProvider, Open: true})
		}
	}
	return routes
}

func noProvider(http.ResponseWriter, *rest.Request) error {
	return rest.NotFound("Client registration provider not found")
}

// service is where clients register themselves.
const service = "/realms/{realm}/clients-registrations"

// longest is how long the body of a registration may be, in bytes: anybody may send one.
const longest = 256 << 10

// format is how clients are represented at an address.
type format struct {
	name string // of the representation, for keycloak.Check
	from func(keycloak.Object) (keycloak.Object, *keycloak.Subjects, error)
	to   func(r *rest.Request, client keycloak.Object, address string) keycloak.Object
}

// plain is Keycloak's own representation.
var plain = format{"Client",
	func(o keycloak.Object) (keycloak.Object, *keycloak.Subjects, error) { return o, nil, nil },
	func(r *rest.Request, client keycloak.Object, _ string) keycloak.Object {
		client.Put("defaultRoles", defaultRoles(r.Realm, client.Text("id")))
		return client
	}}

// defaultRoles are the names of a client's roles that everybody has.
func defaultRoles(r *realm.Realm, client string) []string {
	out := []string{}
	role := r.RoleByKey(r.DefaultRole)
	if role == nil {
		return out
	}
	for _, key := range role.Composites {
		if included := r.RoleByKey(key); included != nil && included.Client == client {
			out = append(out, included.Name)
		}
	}
	return out
}

// oidc is the metadata of RFC 7591 and OpenID Connect Dynamic Client Registration.
var oidc = format{"OIDCClient",
	func(o keycloak.Object) (keycloak.Object, *keycloak.Subjects, error) {
		client, err := keycloak.FromMetadata(o)
		if err != nil {
			return nil, nil, register.Invalid()
		}
		subjects, err := keycloak.SubjectsOf(o)
		if err != nil {
			return nil, nil, register.Invalid()
		}
		return client, subjects, nil
	},
	func(r *rest.Request, client keycloak.Object, address string) keycloak.Object {
		m := keycloak.ToMetadata(client)
		m.Put("registration_client_uri", address)
		if r.Method == http.MethodPost {
			m.Put("client_id_issued_at", r.Author.Now.Unix())
		}
		return m
	}}
