package manage

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
)

// AddExecution adds an authenticator to the flow of this alias, and gives the id of the execution. The
// body names the "provider" and may bring a "priority".
func (f *Flows) AddExecution(ctx context.Context, author audit.Author, realmName, flow string, body keycloak.Object) (id string, err error) {
	err = f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		var err error
		id, err = set.AddExecution(flow, body.Text("provider"), keycloak.Value[*int](body, "priority"), author.NewID)
		return record{audit.Create, resourceExecution, "authentication/flows/" + flow + "/executions/execution", body}, err
	})
	return id, err
}

// AddSubFlow makes a flow within the one of this alias, and gives its id.
func (f *Flows) AddSubFlow(ctx context.Context, author audit.Author, realmName, flow string, body keycloak.Object) (id string, err error) {
	sub := authflow.SubFlow{Alias: body.Text("alias"), Description: body.Text("description"), Kind: body.Text("type"),
		Provider: body.Text("provider"), Priority: keycloak.Value[*int](body, "priority")}
	err = f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		var err error
		id, err = set.AddFlow(flow, sub, author.NewID)
		return record{audit.Create, resourceExecutionFlow, "authentication/flows/" + flow + "/executions/flow", body}, err
	})
	return id, err
}

// PutExecution adds an execution as a body describes it, last unless it brings a "priority", and gives its id.
func (f *Flows) PutExecution(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) (id string, err error) {
	view := authflow.View{Authenticator: body.Text("authenticator"), Config: body.Text("authenticatorConfig"), FlowID: body.Text("flowId"),
		Parent: body.Text("parentFlow"), Requirement: body.Text("requirement")}
	err = f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		var err error
		id, err = set.Put(view, keycloak.Value[*int](body, "priority"), author.NewID)
		return record{audit.Create, resourceExecution, "authentication/executions/" + id, body}, err
	})
	return id, err
}

// ChangeExecution changes the requirement and priority of the execution that a body names by id, and the
// name and description of one that is a flow.
func (f *Flows) ChangeExecution(ctx context.Context, author audit.Author, realmName, flow string, body keycloak.Object) error {
	line := authflow.Line{ID: body.Text("id"), Requirement: body.Text("requirement"), Name: body.Text("displayName"),
		Description: body.Text("description"), IsFlow: keycloak.Value[bool](body, "authenticationFlow"), Priority: keycloak.Value[int](body, "priority")}
	return f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		return record{audit.Update, resourceExecution, "authentication/flows/" + flow + "/executions", body}, set.Change(flow, line)
	})
}

// DeleteExecution removes an execution with its settings, and the flow that it is.
func (f *Flows) DeleteExecution(ctx context.Context, author audit.Author, realmName, id string) error {
	return f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		return record{audit.Delete, resourceExecution, "authentication/executions/" + id, nil}, set.DeleteExecution(id)
	})
}

// RaiseExecution lets an execution run before the one that it follows.
func (f *Flows) RaiseExecution(ctx context.Context, author audit.Author, realmName, id string) error {
	return f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		return record{audit.Update, resourceExecution, "authentication/executions/" + id + "/raise-priority", nil}, set.Raise(id)
	})
}

// LowerExecution lets an execution run after the one that follows it.
func (f *Flows) LowerExecution(ctx context.Context, author audit.Author, realmName, id string) error {
	return f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		return record{audit.Update, resourceExecution, "authentication/executions/" + id + "/lower-priority", nil}, set.Lower(id)
	})
}
