package roles

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Extras reads what is kept of documents without being acted on, as the descriptions of roles.
type Extras interface {
	Extras(ctx context.Context, realmKey string, kind realm.Kind, keys []string) (map[string]realm.Extra, error)
}

// Brief are representations of roles as most lists have them: without attributes.
func Brief(ctx context.Context, from Extras, r *realm.Realm, list []*realm.Role) ([]keycloak.Object, error) {
	return represent(ctx, from, r, list, keycloak.BriefRole)
}

// Full are representations of roles with all there is.
func Full(ctx context.Context, from Extras, r *realm.Realm, list []*realm.Role) ([]keycloak.Object, error) {
	return represent(ctx, from, r, list, keycloak.FromRole)
}

func represent(ctx context.Context, from Extras, r *realm.Realm, list []*realm.Role, as func(*realm.Realm, *realm.Role) keycloak.Object) ([]keycloak.Object, error) {
	loaded, err := load(ctx, from, r, list)
	if err != nil {
		return nil, err
	}
	out := make([]keycloak.Object, len(loaded))
	for i, role := range loaded {
		out[i] = as(r, role)
	}
	return out, nil
}

// load gives the roles with their Extra.
func load(ctx context.Context, from Extras, r *realm.Realm, list []*realm.Role) ([]*realm.Role, error) {
	keys := make([]string, len(list))
	for i, role := range list {
		keys[i] = role.Key
	}
	extras, err := from.Extras(ctx, r.Key, realm.KindRole, keys)
	if err != nil {
		return nil, err
	}
	out := make([]*realm.Role, len(list))
	for i, role := range list {
		with := *role
		with.Extra = extras[role.Key]
		out[i] = &with
	}
	return out, nil
}
