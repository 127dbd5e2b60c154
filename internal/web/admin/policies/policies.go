// Package policies serves client profiles and client policies, and answers for what is switched off:
// client types and organizations.
package policies

import (
	"context"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/clientpolicy"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	Documents Documents
	Policies  Policies
}

// Documents are what realms keep of their representations.
type Documents interface {
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
}

// Policies changes profiles and policies.
type Policies interface {
	SetProfiles(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) error
	SetPolicies(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) error
}

// Routes are the addresses of client policies, and of what is switched off.
func Routes(d Deps) []rest.Route {
	const get, put = http.MethodGet, http.MethodPut
	routes := []rest.Route{
		{Method: get, Path: "/client-policies/profiles", Need: permit.ToViewRealm, Handle: d.profiles},
		{Method: put, Path: "/client-policies/profiles", Need: permit.ToManageRealm, Handle: d.setProfiles},
		{Method: get, Path: "/client-policies/policies", Need: permit.ToViewRealm, Handle: d.policies},
		{Method: put, Path: "/client-policies/policies", Need: permit.ToManageRealm, Handle: d.setPolicies},
		{Method: get, Path: "/client-types", Need: permit.ToViewRealm, Handle: notEnabled},
		{Method: put, Path: "/client-types", Need: permit.ToManageRealm, Handle: notEnabled},
	}
	for _, method := range []string{get, put, http.MethodPost, http.MethodDelete} {
		need := permit.ToManageRealm
		if method == get {
			need = permit.ToViewRealm
		}
		for _, path := range []string{"/organizations", "/organizations/{rest...}"} {
			routes = append(routes, rest.Route{Method: method, Path: path, Need: need, Handle: noOrganizations})
		}
	}
	return routes
}

// profilesBody is the list of profiles, with those of every realm where they are asked for.
type profilesBody struct {
	Profiles []clientpolicy.Profile `json:"profiles"`
	Global   []clientpolicy.Profile `json:"globalProfiles,omitzero"`
}

// policiesBody is the list of policies, with those of every realm, of which there are none.
type policiesBody struct {
	Policies []clientpolicy.Policy `json:"policies"`
	Global   []clientpolicy.Policy `json:"globalPolicies,omitzero"`
}

func (d Deps) kept(r *rest.Request) (realm.Extra, error) {
	return d.Documents.Extra(r.Context(), r.Realm.Key, realm.KindRealm, r.Realm.Key)
}

func (d Deps) profiles(w http.ResponseWriter, r *rest.Request) error {
	kept, err := d.kept(r)
	if err != nil {
		return err
	}
	body := profilesBody{Profiles: clientpolicy.Profiles(kept)}
	if r.Flag("include-global-profiles", false) {
		body.Global = clientpolicy.Global()
	}
	return rest.JSON(w, body)
}

func (d Deps) policies(w http.ResponseWriter, r *rest.Request) error {
	kept, err := d.kept(r)
	if err != nil {
		return err
	}
	body := policiesBody{Policies: clientpolicy.Policies(kept)}
	if r.Flag("include-global-policies", false) {
		body.Global = []clientpolicy.Policy{}
	}
	return rest.JSON(w, body)
}

func (d Deps) setProfiles(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("ClientProfiles")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Policies.SetProfiles(r.Context(), r.Author, r.Realm.Name, body))
}

func (d Deps) setPolicies(w http.ResponseWriter, r *rest.Request) error {
	body, err := r.Body("ClientPolicies")
	if err != nil {
		return err
	}
	return rest.Done(w, d.Policies.SetPolicies(r.Context(), r.Author, r.Realm.Name, body))
}

// notEnabled answers as Keycloak does where a feature is off.
func notEnabled(http.ResponseWriter, *rest.Request) error {
	return rest.FeatureOff
}

// noOrganizations answers as Keycloak does for a realm that has them off.
func noOrganizations(http.ResponseWriter, *rest.Request) error {
	return &render.Message{Code: http.StatusNotFound, Text: "Organizations not enabled for this realm."}
}
