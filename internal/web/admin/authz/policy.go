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
	q := c.URL.Query()
	out := []keycloak.Object{}
	for i := range c.server.Policies {
		p := &c.server.Policies[i]
		is := authz.Permission(p.Kind)
		if of.permissions && !is || q.Has("permission") && is != c.Flag("permission", false) ||
			!c.filter("name", p.Name) || q.Get("type") != "" && q.Get("type") != p.Kind || q.Get("policyId") != "" && q.Get("policyId") != p.ID ||
			!c.isFor(p) {
			continue
		}
		out = append(out, authz.General(p, c.names))
	}
	return rest.JSON(w, rest.Of(page, out))
}

// isFor tells whether a policy is for the resource, its type and the scope that a list asks for.
func (c *call) isFor(p *authz.Policy) bool {
	q := c.URL.Query()
	if asked := q.Get("resource"); asked != "" && !slices.ContainsFunc(c.server.ResourcesOf(p), func(r authz.Resource) bool { return r.ID == asked || r.Name == asked }) {
		return false
	}
	if asked := q.Get("scope"); asked != "" && !slices.ContainsFunc(c.server.ScopesOf(p), func(v authz.Scope) bool { return v.ID == asked || v.Name == asked }) {
		return false
	}
	return q.Get("resourceType") == "" || p.Config["defaultResourceType"] == q.Get("resourceType")
}

// providers are the kinds of policy; those of permissions are asked for too where all policies are.
func (of policies) providers(w http.ResponseWriter, _ *call) error {
	return rest.JSON(w, slices.DeleteFunc(slices.Clone(authz.Kinds), func(k authz.Kind) bool { return of.permissions && !authz.Permission(k.Type) }))
}

func (of policies) search(w http.ResponseWriter, c *call) error {
	name := c.URL.Query().Get("name")
	if name == "" {
		return rest.BadRequest("The parameter name is missing")
	}
	var match *authz.Policy
	if p := c.server.Policy(name); p != nil && p.Name == name && (!of.permissions || authz.Permission(p.Kind)) {
		match = p
	}
	return found(w, match, func(p *authz.Policy) any { return authz.General(p, c.names) })
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

// policyOrList shows a policy, or lists those of a kind: an address may name either.
func policyOrList(of policies) handler {
	return func(w http.ResponseWriter, c *call) error {
		kind := c.PathValue("id")
		if p, err := c.named(); err == nil {
			return rest.JSON(w, authz.General(p, c.names))
		}
		if !slices.ContainsFunc(authz.Kinds, func(k authz.Kind) bool { return k.Type == kind && (!of.permissions || authz.Permission(k.Type)) }) {
			return errNotFound
		}
		out := []keycloak.Object{}
		for i := range c.server.Policies {
			if p := &c.server.Policies[i]; p.Kind == kind && c.filter("name", p.Name) {
				out = append(out, authz.Typed(p, c.names))
			}
		}
		return rest.JSON(w, out)
	}
}

// lists are what there is below a policy.
var lists = map[string]func(c *call, p *authz.Policy) any{
	"dependentPolicies":  func(c *call, p *authz.Policy) any { return summaries(c.server.Applying(p)) },
	"associatedPolicies": func(c *call, p *authz.Policy) any { return summaries(c.server.Applied(p)) },
	"resources":          func(c *call, p *authz.Policy) any { return briefResources(c.server.ResourcesOf(p)) },
	"scopes":             func(c *call, p *authz.Policy) any { return c.server.ScopesOf(p) },
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
	made := keycloak.Object{}
	for name, value := range body {
		made[name] = value
	}
	made.Put("id", id)
	for member, usual := range map[string]string{"type": kind, "logic": "POSITIVE", "decisionStrategy": "UNANIMOUS"} {
		if !made.Has(member) {
			made.Put(member, usual)
		}
	}
	return created(w, made)
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
