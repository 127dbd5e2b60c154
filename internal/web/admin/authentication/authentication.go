// Package authentication serves authentication flows, their executions and settings, and required actions.
package authentication

import (
	"context"
	"net/http"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	Documents  Documents
	Flows      Flows
	Executions Executions
	Configs    Configs
	Actions    Actions
}

// Documents are what realms keep of their representations.
type Documents interface {
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
}

// Flows changes flows. What is made is told by its id.
type Flows interface {
	Create(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) (id string, err error)
	Update(ctx context.Context, author audit.Author, realmName, id string, body keycloak.Object) error
	Delete(ctx context.Context, author audit.Author, realmName, id string) error
	Copy(ctx context.Context, author audit.Author, realmName, alias string, body keycloak.Object) (id string, err error)
}

// Executions changes executions; flow is the alias of the one that they are in.
type Executions interface {
	AddExecution(ctx context.Context, author audit.Author, realmName, flow string, body keycloak.Object) (id string, err error)
	AddSubFlow(ctx context.Context, author audit.Author, realmName, flow string, body keycloak.Object) (id string, err error)
	PutExecution(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) (id string, err error)
	ChangeExecution(ctx context.Context, author audit.Author, realmName, flow string, body keycloak.Object) error
	DeleteExecution(ctx context.Context, author audit.Author, realmName, id string) error
	RaiseExecution(ctx context.Context, author audit.Author, realmName, id string) error
	LowerExecution(ctx context.Context, author audit.Author, realmName, id string) error
}

// Configs changes the settings of executions.
type Configs interface {
	Configure(ctx context.Context, author audit.Author, realmName, execution string, body keycloak.Object) (id string, err error)
	CreateConfig(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) (id string, err error)
	UpdateConfig(ctx context.Context, author audit.Author, realmName, id string, body keycloak.Object) error
	DeleteConfig(ctx context.Context, author audit.Author, realmName, id string) error
}

// Actions changes required actions.
type Actions interface {
	RegisterAction(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) error
	UpdateAction(ctx context.Context, author audit.Author, realmName, alias string, body keycloak.Object) error
	DeleteAction(ctx context.Context, author audit.Author, realmName, alias string) error
	RaiseAction(ctx context.Context, author audit.Author, realmName, alias string) error
	LowerAction(ctx context.Context, author audit.Author, realmName, alias string) error
	ConfigureAction(ctx context.Context, author audit.Author, realmName, alias string, body keycloak.Object) error
	UnconfigureAction(ctx context.Context, author audit.Author, realmName, alias string) error
}

// Who may look at what: those who look after clients choose flows, those who look after users required
// actions.
const (
	toListFlows   = permit.ToViewRealm | permit.Need(permit.ViewClients|permit.QueryClients)
	toListActions = permit.ToViewRealm | permit.Need(permit.ViewUsers|permit.QueryUsers)
)

// Routes are the addresses below /authentication.
func Routes(d Deps) []rest.Route {
	get := func(path string, need permit.Need, h rest.Handler) rest.Route {
		return rest.Route{Method: http.MethodGet, Path: "/authentication/" + path, Need: need, Handle: h}
	}
	change := func(method, path string, h rest.Handler) rest.Route {
		return rest.Route{Method: method, Path: "/authentication/" + path, Need: permit.ToManageRealm, Handle: h, Exceptional: true}
	}
	plain := func(method, path string, h rest.Handler) rest.Route {
		return rest.Route{Method: method, Path: "/authentication/" + path, Need: permit.ToManageRealm, Handle: h}
	}
	const put, post, del = http.MethodPut, http.MethodPost, http.MethodDelete
	return []rest.Route{
		get("flows", toListFlows, d.flows),
		change(post, "flows", d.createFlow),
		get("flows/{id}", permit.ToViewRealm, d.flow),
		change(put, "flows/{id}", d.updateFlow),
		change(del, "flows/{id}", d.deleteFlow),
		change(post, "flows/{alias}/copy", d.copyFlow),
		get("flows/{alias}/executions", permit.ToViewRealm, d.lines),
		change(put, "flows/{alias}/executions", d.changeExecution),
		change(post, "flows/{alias}/executions/execution", d.addExecution),
		change(post, "flows/{alias}/executions/flow", d.addSubFlow),

		change(post, "executions", d.putExecution),
		get("executions/{id}", permit.ToViewRealm, d.execution),
		change(del, "executions/{id}", d.deleteExecution),
		change(post, "executions/{id}/raise-priority", d.raise),
		change(post, "executions/{id}/lower-priority", d.lower),
		change(post, "executions/{id}/config", d.configure),
		get("executions/{id}/config/{config}", permit.ToViewRealm, d.config),

		change(post, "config", d.createConfig),
		get("config/{config}", permit.ToViewRealm, d.config),
		change(put, "config/{config}", d.updateConfig),
		change(del, "config/{config}", d.deleteConfig),

		get("required-actions", toListActions, d.actions),
		get("required-actions/{alias}", permit.ToViewRealm, d.action),
		plain(put, "required-actions/{alias}", d.updateAction),
		plain(del, "required-actions/{alias}", d.deleteAction),
		change(post, "required-actions/{alias}/raise-priority", d.raiseAction),
		change(post, "required-actions/{alias}/lower-priority", d.lowerAction),
		get("required-actions/{alias}/config", permit.ToViewRealm, d.actionSettings),
		plain(put, "required-actions/{alias}/config", d.configureAction),
		plain(del, "required-actions/{alias}/config", d.unconfigureAction),
		get("required-actions/{alias}/config-description", permit.ToViewRealm, d.describeAction),
		get("unregistered-required-actions", permit.ToViewRealm, d.unregistered),
		change(post, "register-required-action", d.register),

		get("authenticator-providers", permit.ToViewRealm, known(authflow.Authenticators)),
		get("client-authenticator-providers", toListFlows, clientAuthenticators),
		get("form-providers", permit.ToViewRealm, known(authflow.Forms)),
		get("form-action-providers", permit.ToViewRealm, known(authflow.FormActions)),
		get("config-description/{provider}", permit.ToViewRealm, describe),
		get("per-client-config-description", toListFlows, perClient),
	}
}

// set is what the realm keeps of flows.
func (d Deps) set(r *rest.Request) (*authflow.Set, error) {
	kept, err := d.Documents.Extra(r.Context(), r.Realm.Key, realm.KindRealm, r.Realm.Key)
	if err != nil {
		return nil, err
	}
	return authflow.Read(r.Realm.Key, kept), nil
}

// below is an address below /authentication.
func below(r *rest.Request, path string) string {
	return "/admin/realms/" + url.PathEscape(r.Realm.Name) + "/authentication/" + path
}
