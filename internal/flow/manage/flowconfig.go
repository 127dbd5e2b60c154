package manage

import (
	"context"
	"maps"

	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
)

func configOf(body keycloak.Object) authflow.Config {
	return authflow.Config{Alias: body.Text("alias"), Settings: keycloak.Value[map[string]string](body, "config")}
}

// recordOfConfig is what an admin event tells of settings: not their secrets.
func recordOfConfig(body keycloak.Object) keycloak.Object {
	if !body.Has("config") {
		return body
	}
	shown := maps.Clone(body)
	shown.Put("config", configOf(body).Shown().Settings)
	return shown
}

// Configure gives an execution settings, in place of those that it has, and gives their id.
func (f *Flows) Configure(ctx context.Context, author audit.Author, realmName, execution string, body keycloak.Object) (id string, err error) {
	err = f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		var err error
		id, err = set.Configure(execution, configOf(body), author.NewID)
		return record{audit.Create, resourceExecution, "authentication/executions/" + execution + "/config", recordOfConfig(body)}, err
	})
	return id, err
}

// CreateConfig keeps settings that no execution has yet, and gives their id.
func (f *Flows) CreateConfig(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) (id string, err error) {
	err = f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		var err error
		id, err = set.AddConfig(configOf(body), author.NewID)
		return record{audit.Create, resourceConfig, "authentication/config/" + id, recordOfConfig(body)}, err
	})
	return id, err
}

// UpdateConfig replaces the settings with this id.
func (f *Flows) UpdateConfig(ctx context.Context, author audit.Author, realmName, id string, body keycloak.Object) error {
	return f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		return record{audit.Update, resourceConfig, "authentication/config/" + id, recordOfConfig(body)}, set.UpdateConfig(id, configOf(body))
	})
}

// DeleteConfig removes the settings with this id.
func (f *Flows) DeleteConfig(ctx context.Context, author audit.Author, realmName, id string) error {
	return f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		return record{audit.Delete, resourceConfig, "authentication/config/" + id, nil}, set.DeleteConfig(id)
	})
}
