package realms

import (
	"context"
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// list shows the realms in which the caller may do anything. Who may in none is refused.
func (d Deps) list(w http.ResponseWriter, r *rest.Request) error {
	names := []string{r.Administrator.Realm.Name}
	if r.Administrator.Realm.Name == "master" {
		var err error
		if names, err = d.Stored.RealmNames(r.Context()); err != nil {
			return err
		}
	}
	brief := r.Flag("briefRepresentation", false)
	out := []keycloak.Object{}
	for _, name := range names {
		found, err := d.Stored.Realm(r.Context(), name)
		if errors.Is(err, fault.ErrNotFound) {
			continue // deleted since
		}
		if err != nil {
			return err
		}
		rights := r.Administrator.RightsIn(found)
		if !rights.May(permit.ToNameRealm) {
			continue
		}
		o, err := d.shown(r.Context(), found, rights)
		if err != nil {
			return err
		}
		if brief && rights.May(permit.ToViewRealm) {
			o = keycloak.BriefRealm(o)
		}
		out = append(out, o)
	}
	if len(out) == 0 {
		return rest.Forbidden
	}
	return rest.JSON(w, out)
}

func (d Deps) get(w http.ResponseWriter, r *rest.Request) error {
	o, err := d.shown(r.Context(), r.Realm, r.Rights)
	if err != nil {
		return err
	}
	return rest.JSON(w, o)
}

// shown is a realm as somebody with these rights sees it.
func (d Deps) shown(ctx context.Context, r *realm.Realm, rights permit.Rights) (keycloak.Object, error) {
	with := *r
	var err error
	if with.Extra, err = d.Stored.Extra(ctx, r.Key, realm.KindRealm, r.Key); err != nil {
		return nil, err
	}
	o := keycloak.ShownRealm(keycloak.FromSettings(&with))
	if !rights.May(permit.ToViewRealm) {
		return keycloak.NamedRealm(o), nil
	}
	if role := r.RoleByKey(r.DefaultRole); role != nil {
		known := *role
		if known.Extra, err = d.Stored.Extra(ctx, r.Key, realm.KindRole, role.Key); err != nil {
			return nil, err
		}
		o.Put("defaultRole", keycloak.BriefRole(r, &known))
	}
	groups, err := d.defaultGroups(ctx, r)
	if err != nil {
		return nil, err
	}
	if len(groups) > 0 {
		paths := make([]string, len(groups))
		for i, g := range groups {
			paths[i] = g.Path
		}
		o.Put("defaultGroups", paths)
	}
	return o, nil
}

// defaultGroups are the groups that new users join. Those that are gone are passed over.
func (d Deps) defaultGroups(ctx context.Context, r *realm.Realm) ([]*realm.Group, error) {
	var out []*realm.Group
	for _, key := range r.DefaultGroups {
		g, err := d.Stored.Group(ctx, r.Key, key)
		if errors.Is(err, fault.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}
