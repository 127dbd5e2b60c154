package manage

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// Made stands in a preview for a secret that the import would make.
const Made = "(made by the import)"

// Preview gives the realms of a file as they would be exported, were they imported, and stores nothing. Passwords
// are not hashed and no keys are made.
func (m *Realms) Preview(ctx context.Context, doc Document, o ExportOptions) ([]keycloak.Object, error) {
	previews := *m
	previews.secret = func() string { return Made }
	plans, err := previews.plan([]document{{open: doc}})
	if err != nil {
		return nil, err
	}
	var out []keycloak.Object
	for _, p := range plans {
		representation, err := previews.preview(ctx, p, o)
		if err != nil {
			return nil, err
		}
		out = append(out, representation)
	}
	return out, nil
}

func (m *Realms) preview(ctx context.Context, p *plan, o ExportOptions) (keycloak.Object, error) {
	r, groups := p.contents.Draft.Realm(), p.contents.Groups
	out, err := realmfile.Export(r, groups, func(kind realm.Kind, key string) (realm.Extra, error) { return extraOf(r, kind, key), nil })
	if err != nil || o.WithoutUsers {
		return out, err
	}
	paths := pathsOf(groups)
	users := []keycloak.Object{}
	for person, err := range m.people(p) {
		if err != nil {
			return nil, err
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		users = append(users, keycloak.FromUser(r, paths, person.Account))
	}
	for _, account := range p.contents.ServiceAccounts() {
		users = append(users, keycloak.FromUser(r, paths, account))
	}
	out.Put("users", users)
	return out, nil
}

// extraOf is what a realm in memory keeps of one of its documents.
func extraOf(r *realm.Realm, kind realm.Kind, key string) realm.Extra {
	switch kind {
	case realm.KindRealm:
		return r.Settings.Extra
	case realm.KindClient:
		return r.ClientByKey(key).Extra
	case realm.KindScope:
		return r.ScopeByKey(key).Extra
	case realm.KindRole:
		return r.RoleByKey(key).Extra
	case realm.KindKey:
		return r.KeyBy(key).Extra
	case realm.KindProvider:
		for _, p := range r.Providers() {
			if p.Key == key {
				return p.Extra
			}
		}
	}
	return nil
}
