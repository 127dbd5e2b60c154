package authz

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/keycloak/authz"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

func scopes(w http.ResponseWriter, c *call) error {
	page, err := c.Page(usualPage)
	if err != nil {
		return err
	}
	out := []authz.Scope{}
	for _, v := range byName(c.server.Scopes, func(v *authz.Scope) string { return v.Name }) {
		if id := c.asked("scopeId"); c.filter("name", v.Name) && (id == "" || id == v.ID) {
			out = append(out, v)
		}
	}
	return rest.JSON(w, rest.Of(page, out))
}

func searchScope(w http.ResponseWriter, c *call) error {
	name := c.asked("name")
	if name == "" {
		return rest.BadRequest("The parameter name is missing")
	}
	var match *authz.Scope
	if v := c.server.Scope(name); v != nil && v.Name == name {
		match = v
	}
	return found(w, match, func(v *authz.Scope) any { return v })
}

// scope is the one that the address names.
func (c *call) scope() (*authz.Scope, error) {
	v := c.server.Scope(c.PathValue("id"))
	if v == nil || v.ID != c.PathValue("id") {
		return nil, errNotFound
	}
	return v, nil
}

func scope(w http.ResponseWriter, c *call) error {
	v, err := c.scope()
	if err != nil {
		return err
	}
	return rest.JSON(w, v)
}

func scopeResources(w http.ResponseWriter, c *call) error {
	v, err := c.scope()
	if err != nil {
		return err
	}
	return rest.JSON(w, briefResources(c.server.ResourcesWith(v.Name)))
}

// brief is a resource by id and name.
type brief struct {
	ID   string `json:"_id"`
	Name string `json:"name"`
}

func briefResources(list []authz.Resource) []brief {
	out := []brief{}
	for _, r := range list {
		out = append(out, brief{r.ID, r.Name})
	}
	return out
}

func scopePermissions(w http.ResponseWriter, c *call) error {
	v, err := c.scope()
	if err != nil {
		return err
	}
	return rest.JSON(w, summaries(c.server.PermissionsTo(v)))
}

func (d Deps) addScope(w http.ResponseWriter, c *call) error {
	body, err := c.Body("Scope")
	if err != nil {
		return err
	}
	id, err := d.Contents.PutScope(c.Context(), c.Author, c.Realm, c.client.Key, "", body)
	if err != nil {
		return err
	}
	return created(w, authz.Scope{ID: id, Name: body.Text("name"), DisplayName: body.Text("displayName"), Icon: body.Text("iconUri")})
}

func (d Deps) putScope(w http.ResponseWriter, c *call) error {
	body, err := c.Body("Scope")
	if err != nil {
		return err
	}
	if _, err := d.Contents.PutScope(c.Context(), c.Author, c.Realm, c.client.Key, c.PathValue("id"), body); err != nil {
		return err
	}
	return rest.NoContent(w)
}

func (d Deps) deleteScope(w http.ResponseWriter, c *call) error {
	return rest.Done(w, d.Contents.DeleteScope(c.Context(), c.Author, c.Realm, c.client.Key, c.PathValue("id")))
}
