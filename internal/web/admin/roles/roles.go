// Package roles is the administration API of roles: those of the realm, those of clients, and both by id.
package roles

import (
	"context"
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what this noun calls.
type Deps struct {
	Roles  *manage.Roles
	Extras Extras
	Users  Users
	Groups Groups

	// Show makes representations of users, in full or brief as the request asks for.
	Show func(r *rest.Request, list []user.Account) ([]keycloak.Object, error)
}

// Users finds who holds a role.
type Users interface {
	FindUsers(ctx context.Context, realmKey string, q user.Query, first, max int) ([]user.Account, error)
}

// Groups finds the groups that hold a role.
type Groups interface {
	FindGroups(ctx context.Context, realmKey string, q realm.GroupQuery, first, max int) ([]*realm.Group, error)
}

// Routes are the addresses of roles.
func Routes(d Deps) []rest.Route {
	var out []rest.Route
	for _, at := range []struct {
		path         string
		view, manage permit.Need
	}{
		{"/roles", permit.ToViewRealm, permit.ToManageRealm},
		{"/clients/{client}/roles", permit.ToViewClients, permit.ToManageClients},
	} {
		out = append(out,
			rest.Route{Method: http.MethodGet, Path: at.path, Need: at.view, Handle: d.list},
			rest.Route{Method: http.MethodPost, Path: at.path, Need: at.manage, Handle: d.create},
			rest.Route{Method: http.MethodGet, Path: at.path + "/{role}/users", Need: at.view, Handle: d.users},
			rest.Route{Method: http.MethodGet, Path: at.path + "/{role}/groups", Need: at.view, Handle: d.groups})
		out = append(out, address{at.path + "/{role}", at.view, at.manage, byName}.routes(d)...)
	}
	return append(out, address{"/roles-by-id/{role}", permit.ToViewRealm | permit.ToViewClients, permit.ToManageRealm | permit.ToManageClients, byID}.routes(d)...)
}

// address is a way to name one role.
type address struct {
	path         string
	view, manage permit.Need
	find         func(*rest.Request) (found, error)
}

// found is the role that an address names.
type found struct {
	role *realm.Role
	at   manage.RoleAt
}

// routes are what a role answers to.
func (a address) routes(d Deps) []rest.Route {
	view := func(path string, answer func(http.ResponseWriter, *rest.Request, found) error) rest.Route {
		return rest.Route{Method: http.MethodGet, Path: a.path + path, Need: a.view, Handle: a.viewing(answer)}
	}
	change := func(method, path string, answer func(http.ResponseWriter, *rest.Request, found) error) rest.Route {
		return rest.Route{Method: method, Path: a.path + path, Need: a.manage, Handle: a.managing(answer)}
	}
	remove := change(http.MethodDelete, "", d.remove)
	remove.Exceptional = true
	return []rest.Route{
		remove,
		view("", d.show),
		change(http.MethodPut, "", d.update),
		view("/composites", d.composites),
		view("/composites/realm", d.realmComposites),
		view("/composites/clients/{container}", d.clientComposites),
		change(http.MethodPost, "/composites", d.include),
		change(http.MethodDelete, "/composites", d.exclude),
		view("/management/permissions", noPermissions),
		change(http.MethodPut, "/management/permissions", noPermissions),
	}
}

// viewing finds the role, which who asks must be allowed to see.
func (a address) viewing(answer func(http.ResponseWriter, *rest.Request, found) error) rest.Handler {
	return func(w http.ResponseWriter, r *rest.Request) error {
		f, err := a.find(r)
		if err != nil {
			return err
		}
		need := permit.ToViewRealm
		if f.role.Client != "" {
			need = permit.ToViewClients
		}
		if err := r.Demand(need); err != nil {
			return err
		}
		return answer(w, r, f)
	}
}

// managing finds the role, which who asks must be allowed to change.
func (a address) managing(answer func(http.ResponseWriter, *rest.Request, found) error) rest.Handler {
	return func(w http.ResponseWriter, r *rest.Request) error {
		f, err := a.find(r)
		if err != nil {
			return err
		}
		if err := mayShape(r, f.role); err != nil {
			return err
		}
		return answer(w, r, f)
	}
}

// mayShape is nil where the caller may make or change a role like this.
func mayShape(r *rest.Request, role *realm.Role) error {
	need := permit.ToManageRealm
	if role.Client != "" {
		need = permit.ToManageClients
	}
	if !r.May(need) || !r.Administrator.MayShape(r.Realm, role) {
		return rest.Forbidden
	}
	return nil
}

// container is the client whose roles the address names; nil for the realm's own.
func container(r *rest.Request) (*realm.Client, error) {
	if r.PathValue("client") == "" {
		return nil, nil
	}
	return r.Client()
}

// key is a client's key; "" for nil.
func key(c *realm.Client) string {
	if c == nil {
		return ""
	}
	return c.Key
}

// path is the address of a role below the realm.
func path(c *realm.Client, name string) string {
	if c == nil {
		return "roles/" + name
	}
	return strings.Join([]string{"clients", c.Key, "roles", name}, "/")
}

func byName(r *rest.Request) (found, error) {
	client, err := container(r)
	if err != nil {
		return found{}, err
	}
	ref := realm.RoleRef{Name: r.PathValue("role")}
	if client != nil {
		ref.Client = client.ID
	}
	role := r.Realm.Role(ref)
	if role == nil {
		return found{}, rest.NotFound("Could not find role")
	}
	return found{role, manage.RoleAt{Realm: r.Realm.Name, Key: role.Key, Path: path(client, role.Name)}}, nil
}

func byID(r *rest.Request) (found, error) {
	role := r.Realm.RoleByKey(r.PathValue("role"))
	if role == nil {
		return found{}, rest.NotFound("Could not find role with id")
	}
	return found{role, manage.RoleAt{Realm: r.Realm.Name, Key: role.Key, Path: "roles-by-id/" + role.Key}}, nil
}
