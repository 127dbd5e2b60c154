package manage

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
)

// RegisterAction adds the required action that a body names by "providerId".
func (f *Flows) RegisterAction(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) error {
	return f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		return record{audit.Create, resourceAction, "authentication/register-required-action", body},
			set.Register(body.Text("providerId"), body.Text("name"))
	})
}

// UpdateAction replaces a required action.
func (f *Flows) UpdateAction(ctx context.Context, author audit.Author, realmName, alias string, body keycloak.Object) error {
	to := authflow.Action{Name: body.Text("name"), Enabled: keycloak.Value[bool](body, "enabled"),
		DefaultAction: keycloak.Value[bool](body, "defaultAction"), Priority: keycloak.Value[int](body, "priority"),
		Settings: keycloak.Value[map[string]string](body, "config")}
	return f.changeAction(ctx, author, realmName, alias, audit.Update, "", body, func(set *authflow.Set) error { return set.UpdateAction(alias, to) })
}

// DeleteAction removes a required action.
func (f *Flows) DeleteAction(ctx context.Context, author audit.Author, realmName, alias string) error {
	return f.changeAction(ctx, author, realmName, alias, audit.Delete, "", nil, func(set *authflow.Set) error { return set.DeleteAction(alias) })
}

// RaiseAction lets a required action come before the one that it follows.
func (f *Flows) RaiseAction(ctx context.Context, author audit.Author, realmName, alias string) error {
	return f.changeAction(ctx, author, realmName, alias, audit.Update, "/raise-priority", nil, func(set *authflow.Set) error { return set.RaiseAction(alias) })
}

// LowerAction lets a required action come after the one that follows it.
func (f *Flows) LowerAction(ctx context.Context, author audit.Author, realmName, alias string) error {
	return f.changeAction(ctx, author, realmName, alias, audit.Update, "/lower-priority", nil, func(set *authflow.Set) error { return set.LowerAction(alias) })
}

// ConfigureAction replaces the settings of a required action.
func (f *Flows) ConfigureAction(ctx context.Context, author audit.Author, realmName, alias string, body keycloak.Object) error {
	settings := keycloak.Value[map[string]string](body, "config")
	return f.changeAction(ctx, author, realmName, alias, audit.Update, "/config", body, func(set *authflow.Set) error { return set.ConfigureAction(alias, settings) })
}

// UnconfigureAction removes the settings of a required action.
func (f *Flows) UnconfigureAction(ctx context.Context, author audit.Author, realmName, alias string) error {
	return f.changeAction(ctx, author, realmName, alias, audit.Delete, "/config", nil, func(set *authflow.Set) error { return set.ConfigureAction(alias, nil) })
}

// changeAction changes one required action; what is the part of it that the admin event is about.
func (f *Flows) changeAction(ctx context.Context, author audit.Author, realmName, alias, operation, what string, body keycloak.Object, change func(*authflow.Set) error) error {
	return f.change(ctx, author, realmName, func(set *authflow.Set) (record, error) {
		return record{operation, resourceAction, "authentication/required-actions/" + alias + what, body}, change(set)
	})
}
