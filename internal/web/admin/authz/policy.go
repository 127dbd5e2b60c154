package authz

import (
	"net/http"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authz"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// policies is a noun under which policies are found: permissions are policies, and have one of their own.
type policies struct{ permissions bool }

func policiesOf(noun string) policies { return policies{noun == "/permission"} }

func summaries(list []authz.Policy) []keycloak.Object {
	out := []keycloak.Object{}
	for i := range list {
		out = append(out, authz.Summary(&list[i]))
	}
	return out
}

func (of policies) list(w http.ResponseWriter, c *call) error {
	page, err := c.Page(usualPage)
	if err != nil {
		return err
	}
	if c.namesNothing() {
		return rest.NoContent(w)
	}
	out := []keycloak.Object{}
	for _, p := range byName(c.server.Policies, func(p *authz.Policy) string { return p.Name }) {
		is := authz.Permission(p.Kind)
		if of.permissions && !is || !of.permissions && c.asked("permission") != "" && is != c.Flag("permission", false) ||
			!c.filter("name", p.Name) || !c.filter("type", p.Kind) || c.asked("policyId") != "" && c.asked("policyId") != p.ID ||
			c.asked("owner") != "" || !c.isFor(&p) { // who owns a policy is not kept
			continue
		}
		out = append(out, of.show(&p, c.names))
	}
	return rest.JSON(w, rest.Of(page, out))
}

// show is a policy as lists have it: permissions with the members of their kind, others with their settings.
func (of policies) show(p *authz.Policy, names authz.Names) keycloak.Object {
	if of.permissions {
		return authz.Typed(p, names)
	}
	return authz.General(p, names)
}

// namesNothing tells whether a list asks for a resource or a scope that there is not.
func (c *call) namesNothing() bool {
	resource, scope := c.asked("resource"), c.asked("scope")
	return resource != "" && c.server.Resource(resource) == nil || scope != "" && c.server.Scope(scope) == nil
}

// isFor tells whether a policy is for the resource, its type and the scope that a list asks for.
func (c *call) isFor(p *authz.Policy) bool {
	if asked := c.asked("resource"); asked != "" && !slices.ContainsFunc(c.server.ResourcesOf(p), func(r authz.Resource) bool { return r.ID == asked || r.Name == asked }) {
		return false
	}
	if asked := c.asked("scope"); asked != "" && !slices.ContainsFunc(c.server.ScopesOf(p), func(v authz.Scope) bool { return v.ID == asked || v.Name == asked }) {
		return false
	}
	return c.asked("resourceType") == "" || p.Config["defaultResourceType"] == c.asked("resourceType")
}

// providers are the kinds of policy, those of permissions among them.
func providers(w http.ResponseWriter, _ *call) error { return rest.JSON(w, authz.Kinds) }

func (of policies) search(w http.ResponseWriter, c *call) error {
	name := c.asked("name")
	if name == "" {
		return rest.BadRequest("The parameter name is missing")
	}
	var match *authz.Policy
	if p := c.server.Policy(name); p != nil && p.Name == name {
		match = p
	}
	return found(w, match, func(p *authz.Policy) any { return of.show(p, c.names) })
}

// named is the policy that the address names.
func (c *call) named() (*authz.Policy, error) {
	id := c.PathValue("id")
	p := c.server.Policy(id)
	if p == nil || p.ID != id {
		return nil, errNotFound
	}
	return p, nil
}

// policyOrList shows a policy, or lists those of a kind: an address may name either. No policy is a permission of a
// kind that permissions do not have.
func policyOrList(of policies) handler {
	return func(w http.ResponseWriter, c *call) error {
		kind := c.PathValue("id")
		if p, err := c.named(); err == nil {
			return rest.JSON(w, authz.General(p, c.names))
		}
		if !authz.Known(kind) {
			return errNotFound
		}
		out := []keycloak.Object{}
		for _, p := range byName(c.server.Policies, func(p *authz.Policy) string { return p.Name }) {
			if p.Kind == kind && c.filter("name", p.Name) && (!of.permissions || authz.Permission(kind)) {
				out = append(out, authz.Typed(&p, c.names))
			}
		}
		return rest.JSON(w, out)
	}
}

// lists are what there is below a policy.
var lists = map[string]func(c *call, p *authz.Policy) any{
	"dependentPolicies":  func(c *call, p *authz.Policy) any { return bare(c.server.Applying(p)) },
	"associatedPolicies": func(c *call, p *authz.Policy) any { return bare(c.server.Applied(p)) },
	"resources":          func(c *call, p *authz.Policy) any { return briefResources(c.server.ResourcesOf(p)) },
	"scopes":             func(c *call, p *authz.Policy) any { return briefScopes(c.server.ScopesOf(p)) },
}

// bare are policies without what their kinds say, and with settings that are empty.
func bare(list []authz.Policy) []keycloak.Object {
	out := summaries(list)
	for _, o := range out {
		o.Put("config", map[string]string{})
	}
	return out
}

// briefScopes are scopes by id and name.
func briefScopes(list []authz.Scope) []authz.Scope {
	out := []authz.Scope{}
	for _, v := range list {
		out = append(out, authz.Scope{ID: v.ID, Name: v.Name})
	}
	return out
}

// typed shows a policy of a kind, or a list that belongs to a policy: an address with two names may mean
// either, as policy/role/<id> and policy/<id>/scopes.
func typed(w http.ResponseWriter, c *call) error {
	kind, id := c.PathValue("kind"), c.PathValue("id")
	if list, ok := lists[id]; ok {
		p := c.server.Policy(kind)
		if p == nil || p.ID != kind {
			return errNotFound
		}
		return rest.JSON(w, list(c, p))
	}
	p, err := c.named()
	if err != nil {
		return err
	}
	if p.Kind != kind {
		return errNotFound
	}
	return rest.JSON(w, authz.Typed(p, c.names))
}

// addPolicy adds a policy, of the kind that the address names or the body does.
func (d Deps) addPolicy(w http.ResponseWriter, c *call) error {
	body, err := c.Body("AnyPolicy")
	if err != nil {
		return err
	}
	kind := c.PathValue("id") // the address has a kind where others have an id
	id, err := d.Contents.PutPolicy(c.Context(), c.Author, c.Realm, c.client.Key, "", kind, body)
	if err != nil {
		return err
	}
	s, names, err := d.Servers.Server(c.Context(), c.Realm, c.client)
	if err != nil {
		return err
	}
	made := s.Policy(id)
	if made == nil { // somebody was quick to remove it
		return errNotFound
	}
	answer := s.Answer(made, body, names)
	if kind == "" && !answer.Has("config") {
		answer.Put("config", map[string]string{})
	}
	return created(w, answer)
}

// putPolicy replaces a policy. Keycloak answers 201, and tools expect it.
func (d Deps) putPolicy(w http.ResponseWriter, c *call) error {
	body, err := c.Body("AnyPolicy")
	if err != nil {
		return err
	}
	if _, err := d.Contents.PutPolicy(c.Context(), c.Author, c.Realm, c.client.Key, c.PathValue("id"), c.PathValue("kind"), body); err != nil {
		return err
	}
	w.WriteHeader(http.StatusCreated)
	return nil
}

func (d Deps) deletePolicy(w http.ResponseWriter, c *call) error {
	return rest.Done(w, d.Contents.DeletePolicy(c.Context(), c.Author, c.Realm, c.client.Key, c.PathValue("id")))
}
