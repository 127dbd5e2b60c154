package realms

import (
	"context"
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

func (d Deps) groups(w http.ResponseWriter, r *rest.Request) error {
	groups, err := d.defaultGroups(r.Context(), r.Realm)
	if err != nil {
		return err
	}
	out := []keycloak.Object{}
	for _, g := range groups {
		o := keycloak.Object{}
		o.Put("id", g.Key)
		o.Put("name", g.Name)
		o.Put("path", g.Path)
		if g.Parent != "" {
			o.Put("parentId", g.Parent)
		}
		o.Put("subGroups", []string{})
		out = append(out, o)
	}
	return rest.JSON(w, out)
}

// addGroup lets new users join a group. Whoever says so gives the roles of the group, and of those above it, to
// everybody that comes.
func (d Deps) addGroup(w http.ResponseWriter, r *rest.Request) error {
	if err := r.DemandJoin(d.Stored, r.PathValue("group")); err != nil {
		return err
	}
	return rest.Done(w, d.Defaults.AddDefaultGroup(r.Context(), r.Author, r.Realm.Name, r.PathValue("group")))
}

func (d Deps) dropGroup(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Defaults.DropDefaultGroup(r.Context(), r.Author, r.Realm.Name, r.PathValue("group")))
}

// scopes lists the client scopes that new clients get.
func (d Deps) scopes(as manage.Assignment) rest.Handler {
	return func(w http.ResponseWriter, r *rest.Request) error {
		keys := r.Realm.DefaultScopes
		if as == manage.Optional {
			keys = r.Realm.OptionalScopes
		}
		out := []keycloak.Object{}
		for _, key := range keys {
			if s := r.Realm.ScopeByKey(key); s != nil {
				o := keycloak.Object{}
				o.Put("id", s.Key)
				o.Put("name", s.Name)
				o.Put("protocol", s.Protocol)
				out = append(out, o)
			}
		}
		return rest.JSON(w, out)
	}
}

func (d Deps) addScope(as manage.Assignment) rest.Handler {
	return changeScope(as, d.Defaults.AddDefaultScope)
}

func (d Deps) dropScope(as manage.Assignment) rest.Handler {
	return changeScope(as, d.Defaults.DropDefaultScope)
}

func changeScope(as manage.Assignment, change func(ctx context.Context, author audit.Author, name, scope string, as manage.Assignment) error) rest.Handler {
	return func(w http.ResponseWriter, r *rest.Request) error {
		err := change(r.Context(), r.Author, r.Realm.Name, r.PathValue("scope"), as)
		if errors.Is(err, fault.ErrConflict) {
			return rest.Duplicate
		}
		return rest.Done(w, err)
	}
}
