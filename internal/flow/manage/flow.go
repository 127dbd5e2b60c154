package manage

import (
	"context"
	"maps"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
)

// Flows changes authentication flows, their executions and settings, and required actions. They are
// kept and shown; our own sign-in does not run them.
type Flows struct {
	Store FlowStore
}

// FlowStore keeps what flows are kept in, and whatever names a flow.
type FlowStore interface {
	Documents
	Realm(ctx context.Context, name string) (*realm.Realm, error)
	Extras(ctx context.Context, realmKey string, kind realm.Kind, keys []string) (map[string]realm.Extra, error)
}

// record is what the admin event of a change says.
type record struct {
	operation, resource, path string
	body                      keycloak.Object
}

// change changes the flows of a realm, with one admin event. The change may run again.
func (f *Flows) change(ctx context.Context, author audit.Author, realmName string, change func(*authflow.Set) (record, error)) error {
	return editKept(ctx, f.Store, realmName, func(r *realm.Realm, kept realm.Extra) ([]event.Admin, error) {
		set := authflow.Read(r.Key, kept)
		done, err := change(set)
		if err != nil {
			return nil, err
		}
		if err := set.CheckSize(); err != nil {
			return nil, err
		}
		set.Keep(kept)
		return author.Of(r, done.operation, done.resource, done.path, orNil(done.body)), nil
	})
}

// The resource types of admin events about flows.
const (
	resourceFlow          = "AUTH_FLOW"
	resourceExecution     = "AUTH_EXECUTION"
	resourceExecutionFlow = "AUTH_EXECUTION_FLOW"
	resourceConfig        = "AUTHENTICATOR_CONFIG"
	resourceAction        = "REQUIRED_ACTION"
)

// Create adds a flow without executions and gives its id. A *fault.Conflict names the alias that is taken.
func (f *Flows) Create(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) (id string, err error) {
	flow := authflow.Flow{ID: body.Text("id"), Alias: body.Text("alias"), Description: body.Text("description"), Kind: body.Text("providerId"),
		TopLevel: keycloak.Value[bool](body, "topLevel"), BuiltIn: keycloak.Value[bool](body, "builtIn")}
	err = f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		var err error
		id, err = set.Add(flow, author.NewID)
		return record{audit.Create, resourceFlow, "authentication/flows/" + id, body}, err
	})
	return id, err
}

// Update changes the alias and the description of a flow; whatever names the flow follows.
func (f *Flows) Update(ctx context.Context, author audit.Author, realmName, id string, body keycloak.Object) error {
	return f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		err := set.Update(id, body.Text("alias"), body.Text("description"))
		return record{audit.Update, resourceFlow, "authentication/flows/" + id, body}, err
	})
}

// Delete removes a flow with all that only it has. A flow that is built in, or that the realm, a client
// or an identity provider signs users in by, is refused.
func (f *Flows) Delete(ctx context.Context, author audit.Author, realmName, id string) error {
	by, err := f.usedBy(ctx, realmName, id)
	if err != nil {
		return err
	}
	return f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		if flow := set.Flow(id); flow != nil && !flow.BuiltIn && by != "" {
			return record{}, authflow.InUse(by)
		}
		return record{audit.Delete, resourceFlow, "authentication/flows/" + id, nil}, set.Delete(id)
	})
}

// usedBy says which client or identity provider of a realm names a flow; empty where none does. It looks
// ahead of the edit, which is not to wait for the reading of thousands of clients.
func (f *Flows) usedBy(ctx context.Context, realmName, id string) (string, error) {
	r, err := f.Store.Realm(ctx, realmName)
	if err != nil {
		return "", err
	}
	kept, err := f.Store.Extra(ctx, r.Key, realm.KindRealm, r.Key)
	if err != nil {
		return "", err
	}
	flow := authflow.Read(r.Key, kept).Flow(id)
	if flow == nil {
		return "", nil
	}
	if by := usedByProvider(r, flow.Alias); by != "" {
		return by, nil
	}
	return f.usedByClient(ctx, r, id)
}

func usedByProvider(r *realm.Realm, alias string) string {
	for _, p := range r.Providers() {
		if p.FirstLoginFlow == alias || p.PostLoginFlow == alias {
			return "the identity provider " + p.Alias
		}
	}
	return ""
}

func (f *Flows) usedByClient(ctx context.Context, r *realm.Realm, id string) (string, error) {
	names := map[string]string{}
	for _, c := range r.Clients() {
		names[c.Key] = c.ID
	}
	extras, err := f.Store.Extras(ctx, r.Key, realm.KindClient, slices.Collect(maps.Keys(names)))
	for key, extra := range extras {
		for _, bound := range keycloak.Value[map[string]string](keycloak.Object(extra), "authenticationFlowBindingOverrides") {
			if bound == id {
				return "the client " + names[key], nil
			}
		}
	}
	return "", err
}

// Copy adds a flow like the one of this alias, and gives its id.
func (f *Flows) Copy(ctx context.Context, author audit.Author, realmName, alias string, body keycloak.Object) (id string, err error) {
	err = f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		var err error
		id, err = set.Copy(alias, body.Text("newName"), author.NewID)
		return record{audit.Create, resourceFlow, "authentication/flows/" + alias + "/copy", body}, err
	})
	return id, err
}
