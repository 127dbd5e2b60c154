package clients

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// assigned is a client scope as the lists of a client's have it.
type assigned struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type,omitempty"` // "default" or "optional", in the list of both
}

// scopes answers all client scopes of a client, with how it has them. Keycloak has no such address.
func (d Deps) scopes(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
	out := append(scopesOf(r.Realm, c.DefaultScopes, "default"), scopesOf(r.Realm, c.OptionalScopes, "optional")...)
	return rest.JSON(w, out)
}

// scopesAs answers the client scopes that a client has one way.
func (d Deps) scopesAs(as manage.Assignment) handler {
	return func(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
		if as == manage.Optional {
			return rest.JSON(w, scopesOf(r.Realm, c.OptionalScopes, ""))
		}
		return rest.JSON(w, scopesOf(r.Realm, c.DefaultScopes, ""))
	}
}

// scopesOf are the client scopes with these keys.
func scopesOf(r *realm.Realm, keys []string, kind string) []assigned {
	out := []assigned{}
	for _, key := range keys {
		if s := r.ScopeByKey(key); s != nil {
			out = append(out, assigned{s.Key, s.Name, kind})
		}
	}
	return out
}

func (d Deps) assign(as manage.Assignment) handler {
	return func(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
		return rest.Done(w, d.Clients.AssignScope(r.Context(), r.Author, r.Realm.Name, c.Key, r.PathValue("scope"), as))
	}
}

func (d Deps) unassign(as manage.Assignment) handler {
	return func(w http.ResponseWriter, r *rest.Request, c *realm.Client) error {
		return rest.Done(w, d.Clients.UnassignScope(r.Context(), r.Author, r.Realm.Name, c.Key, r.PathValue("scope"), as))
	}
}
