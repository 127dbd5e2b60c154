package clients

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// list answers the realm's clients by client_id, or those that are asked for. Who may ask and see none is
// told of none.
func (d Deps) list(w http.ResponseWriter, r *rest.Request) error {
	page, err := r.Page(-1)
	if err != nil {
		return err
	}
	attributes, err := searched(r)
	if err != nil {
		return err
	}
	out := []keycloak.Object{}
	if !r.May(permit.ToViewClients) {
		return rest.JSON(w, out)
	}
	found := named(r)
	if len(attributes) > 0 {
		if found, err = d.withAttributes(r, found, attributes); err != nil {
			return err
		}
	}
	found = rest.Of(page, found)
	kept, err := d.Kept.Extras(r.Context(), r.Realm.Key, realm.KindClient, keys(found))
	if err != nil {
		return err
	}
	for _, c := range found {
		out = append(out, shown(r, c, kept[c.Key]))
	}
	return rest.JSON(w, out)
}

// named are the clients whose client_id is as asked: the whole of it, or with "search" a part in any case.
func named(r *rest.Request) []*realm.Client {
	id := r.URL.Query().Get("clientId")
	switch {
	case strings.TrimSpace(id) == "":
		return r.Realm.Clients()
	case !r.Flag("search", false):
		if c := r.Realm.Client(id); c != nil {
			return []*realm.Client{c}
		}
		return nil
	}
	id = strings.ToLower(id)
	return slices.DeleteFunc(r.Realm.Clients(), func(c *realm.Client) bool { return !strings.Contains(strings.ToLower(c.ID), id) })
}

// searchable are the attributes that may be searched for: Keycloak has an index for them.
var searchable = []string{"saml_idp_initiated_sso_url_name", "saml.artifact.binding.identifier"}

// searched are the attributes that the parameter "q" asks for.
func searched(r *rest.Request) (map[string]string, error) {
	out := map[string]string{}
	var refused []string
	for name, value := range r.Pairs() {
		if !slices.Contains(searchable, name) {
			refused = append(refused, name)
		}
		out[name] = value
	}
	if refused != nil {
		return nil, &render.Status{Code: http.StatusBadRequest, Text: "invalid_request",
			Description: fmt.Sprintf("Attributes [%s] not allowed for search", strings.Join(refused, ", "))}
	}
	return out, nil
}

// withAttributes are those of the clients that have the attributes. Only SAML clients have any of the
// searchable ones.
func (d Deps) withAttributes(r *rest.Request, list []*realm.Client, want map[string]string) ([]*realm.Client, error) {
	list = slices.DeleteFunc(list, (*realm.Client).OIDC)
	kept, err := d.Kept.Extras(r.Context(), r.Realm.Key, realm.KindClient, keys(list))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(c *realm.Client) bool {
		has := keycloak.Value[map[string]string](keycloak.Object(kept[c.Key]), "attributes")
		for name, value := range want {
			if has[name] != value {
				return true
			}
		}
		return false
	}), nil
}

func keys(list []*realm.Client) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.Key
	}
	return out
}
