package roles

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// list answers with the roles of the realm, or of the client that the address names. Like Keycloak it pages
// only where both first and max are given, or something is searched.
func (d Deps) list(w http.ResponseWriter, r *rest.Request) error {
	client, err := container(r)
	if err != nil {
		return err
	}
	page, err := r.Page(-1)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	if r.Search() == "" && (q.Get("first") == "" || q.Get("max") == "") {
		page = rest.Page{Max: -1}
	}
	found, err := d.search(r, r.Realm.RolesOf(key(client)))
	if err != nil {
		return err
	}
	as := keycloak.BriefRole
	if !r.Flag("briefRepresentation", true) {
		as = keycloak.FromRole
	}
	return rest.JSON(w, d.shown(r, rest.Of(page, found), as))
}

// search loads those of the roles whose name or description has the text searched for in it, in any case.
func (d Deps) search(r *rest.Request, list []*realm.Role) ([]*realm.Role, error) {
	found, err := load(r.Context(), d.Extras, r.Realm, list)
	text := strings.ToLower(r.Search())
	if err != nil || text == "" {
		return found, err
	}
	return slices.DeleteFunc(found, func(role *realm.Role) bool {
		return !strings.Contains(strings.ToLower(role.Name), text) &&
			!strings.Contains(strings.ToLower(keycloak.Object(role.Extra).Text("description")), text)
	}), nil
}

func (Deps) shown(r *rest.Request, list []*realm.Role, as func(*realm.Realm, *realm.Role) keycloak.Object) []keycloak.Object {
	out := make([]keycloak.Object, len(list))
	for i, role := range list {
		out[i] = as(r.Realm, role)
	}
	return out
}
