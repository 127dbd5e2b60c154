package authz

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/keycloak/authz"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

func (c *call) showResource(r *authz.Resource) any {
	return c.server.ShowResource(r, c.names, c.client.ID, true)
}

// usualPage is how many elements lists have where nothing else is asked for.
const usualPage = 100

// filter tells whether a value has what a parameter asks for as a part, in any case.
func (c *call) filter(parameter, value string) bool {
	return strings.Contains(strings.ToLower(value), strings.ToLower(c.asked(parameter)))
}

// isNamed tells whether a resource has the name, or the part of it, that a list asks for.
func (c *call) isNamed(r *authz.Resource) bool {
	asked := c.asked("name")
	return c.filter("name", r.Name) && (asked == "" || !c.Flag("exactName", false) || strings.EqualFold(asked, r.Name))
}

func resources(w http.ResponseWriter, c *call) error {
	page, err := c.Page(usualPage)
	if err != nil {
		return err
	}
	id, uri, scope, owner := c.asked("_id"), c.asked("uri"), c.asked("scope"), c.asked("owner")
	out := []authz.ShownResource{}
	for _, r := range byName(c.server.Resources, func(r *authz.Resource) string { return r.Name }) {
		shown := c.server.ShowResource(&r, c.names, c.client.ID, c.Flag("deep", true))
		if !c.isNamed(&r) || !c.filter("type", r.Kind) || id != "" && id != r.ID || uri != "" && !slices.Contains(r.URIs, uri) ||
			scope != "" && !hasScope(&r, scope) || owner != "" && !owned(shown, owner) {
			continue
		}
		out = append(out, shown)
	}
	return rest.JSON(w, rest.Of(page, out))
}

// asked is what a parameter asks for; empty where it asks for nothing.
func (c *call) asked(parameter string) string { return c.query.Get(parameter) }

// hasScope tells whether a resource has a scope with this in its name, in any case.
func hasScope(r *authz.Resource, part string) bool {
	return slices.ContainsFunc(r.Scopes, func(s authz.Named) bool { return strings.Contains(strings.ToLower(s.Name), strings.ToLower(part)) })
}

// owned tells whether a resource belongs to somebody, by id or name.
func owned(r authz.ShownResource, owner string) bool {
	return r.Owner.ID == owner || r.Owner.Name == owner
}

func searchResource(w http.ResponseWriter, c *call) error {
	name := c.asked("name")
	if name == "" {
		return rest.BadRequest("The parameter name is missing")
	}
	var match *authz.Resource
	if r := c.server.Resource(name); r != nil && r.Name == name {
		match = r
	}
	return found(w, match, c.showResource)
}

// resource is the one that the address names.
func (c *call) resource() (*authz.Resource, error) {
	r := c.server.Resource(c.PathValue("id"))
	if r == nil || r.ID != c.PathValue("id") {
		return nil, errNotFound
	}
	return r, nil
}

func resource(w http.ResponseWriter, c *call) error {
	r, err := c.resource()
	if err != nil {
		return err
	}
	return rest.JSON(w, c.showResource(r))
}

func resourceScopes(w http.ResponseWriter, c *call) error {
	r, err := c.resource()
	if err != nil {
		return err
	}
	return rest.JSON(w, briefScopes(c.server.ShowResource(r, c.names, c.client.ID, true).Scopes))
}

func resourcePermissions(w http.ResponseWriter, c *call) error {
	r, err := c.resource()
	if err != nil {
		return err
	}
	return rest.JSON(w, summaries(c.server.PermissionsFor(r)))
}

func resourceAttributes(w http.ResponseWriter, c *call) error {
	r, err := c.resource()
	if err != nil {
		return err
	}
	return rest.JSON(w, r.Attributes)
}

func (d Deps) addResource(w http.ResponseWriter, c *call) error {
	body, err := c.Body("Resource")
	if err != nil {
		return err
	}
	id, err := d.Contents.PutResource(c.Context(), c.Author, c.Realm, c.client.Key, "", body)
	if err != nil {
		return err
	}
	s, names, err := d.Servers.Server(c.Context(), c.Realm, c.client)
	if err != nil {
		return err
	}
	made := s.Resource(id)
	if made == nil { // somebody was quick to remove it
		return errNotFound
	}
	return created(w, s.ShowResource(made, names, c.client.ID, true))
}

func (d Deps) putResource(w http.ResponseWriter, c *call) error {
	body, err := c.Body("Resource")
	if err != nil {
		return err
	}
	if _, err := d.Contents.PutResource(c.Context(), c.Author, c.Realm, c.client.Key, c.PathValue("id"), body); err != nil {
		return err
	}
	return rest.NoContent(w)
}

func (d Deps) deleteResource(w http.ResponseWriter, c *call) error {
	return rest.Done(w, d.Contents.DeleteResource(c.Context(), c.Author, c.Realm, c.client.Key, c.PathValue("id")))
}
