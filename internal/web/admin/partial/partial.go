// Package partial is how administrators take parts of a realm out, and bring parts of a realm file in.
package partial

import (
	"context"
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	Parts Parts
}

// Parts imports and exports parts of realms.
type Parts interface {
	Export(ctx context.Context, realmName string, part realmfile.Part) (keycloak.Object, error)
	Import(ctx context.Context, realmName string, o keycloak.Object, options manage.PartOptions) (manage.PartReport, error)
}

// longest is how long the body of an import may be, in bytes: it is held in memory.
const longest = 64 << 20

// Routes are the addresses of partial imports and exports.
func Routes(d Deps) []rest.Route {
	return []rest.Route{
		{Method: http.MethodPost, Path: "/partial-export", Need: permit.ToManageRealm, Handle: d.export},
		{Method: http.MethodPost, Path: "/partialImport", Need: permit.ToManageRealm, Handle: d.importPart, Limit: longest},
	}
}

func (d Deps) export(w http.ResponseWriter, r *rest.Request) error {
	part := realmfile.Part{Clients: r.Flag("exportClients", false), GroupsAndRoles: r.Flag("exportGroupsAndRoles", false)}
	o, err := d.Parts.Export(r.Context(), r.Realm.Name, part)
	if err != nil {
		return err
	}
	return render.JSON(w, http.StatusOK, o)
}

// policies say what becomes of things that are there already.
var policies = map[string]manage.Existing{"": manage.Fail, "FAIL": manage.Fail, "SKIP": manage.Skip, "OVERWRITE": manage.Overwrite}

func (d Deps) importPart(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("PartialImport")
	if err != nil {
		return err
	}
	existing, ok := policies[body.Text("ifResourceExists")]
	if !ok {
		return rest.WrongType
	}
	for member, need := range needs {
		if !body.Has(member) {
			continue
		}
		if err := r.Demand(need); err != nil {
			return err
		}
	}
	report, err := d.Parts.Import(r.Context(), r.Realm.Name, body,
		manage.PartOptions{Existing: existing, Author: r.Author, Permit: r.Administrator})
	if errors.Is(err, manage.ErrNotPermitted) {
		return rest.Forbidden
	}
	if err != nil {
		return err
	}
	return rest.JSON(w, report)
}

// needs are what the caller needs beside managing the realm, by what the body brings: with a client, a user or an
// identity provider of one's own making one could otherwise become anybody.
var needs = map[string]permit.Need{
	"clients": permit.ToManageClients, "users": permit.ToManageUsers, "groups": permit.ToManageUsers,
	"identityProviders": permit.ToManageProviders, "identityProviderMappers": permit.ToManageProviders,
}
