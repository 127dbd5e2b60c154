package authz

import (
	"encoding/json"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Summary is a policy without what its kind says.
func Summary(p *Policy) keycloak.Object {
	o := keycloak.Object{}
	o.Put("id", p.ID)
	o.Put("name", p.Name)
	if p.Description != "" {
		o.Put("description", p.Description)
	}
	o.Put("type", p.Kind)
	o.Put("logic", p.Logic)
	o.Put("decisionStrategy", p.Strategy)
	return o
}

// General shows a policy with its settings, in which things outside are named by id.
func General(p *Policy, names Names) keycloak.Object {
	o := Summary(p)
	config := map[string]string{}
	for setting, value := range p.Config {
		switch setting {
		case settingResources, settingScopes, settingPolicies: // which have lists of their own
		default:
			config[setting] = value
		}
	}
	if of, ok := special[p.Kind]; ok && config[of.member] != "" {
		config[of.member] = string(identified(json.RawMessage(config[of.member]), of.what, of.plain, names))
	}
	o.Put("config", config)
	return o
}

// Typed shows a policy with the members of its kind.
func Typed(p *Policy, names Names) keycloak.Object {
	o := Summary(p)
	for member, setting := range texts[p.Kind] {
		value, ok := p.Config[setting]
		switch {
		case !ok:
		case member == "fetchRoles" || member == settingContext:
			o.Put(member, value == "true")
		default:
			o.Put(member, value)
		}
	}
	if of, ok := special[p.Kind]; ok {
		o[of.member] = identified(json.RawMessage(p.Config[of.member]), of.what, of.plain, names)
	}
	return o
}

// lists are the members of policies that hold ids of what the resource server has.
var lists = []string{"resources", "scopes", "policies"}

// Answer is the representation that a policy was made by, with what it got of its own and what it refers to by id. Lists
// of users and of clients stay as they came.
func (s *Server) Answer(p *Policy, body keycloak.Object, names Names) keycloak.Object {
	out := Summary(p)
	for member, value := range body {
		if !out.Has(member) {
			out[member] = value
		}
	}
	of, refers := special[p.Kind]
	if refers && !of.plain && body.Has(of.member) {
		out[of.member] = identified(json.RawMessage(p.Config[of.member]), of.what, of.plain, names)
	}
	if p.Kind == "regex" {
		out.Put(settingContext, p.Config[settingContext] == "true")
	}
	for _, member := range lists {
		if body.Has(member) {
			out.Put(member, s.idsOf(p, member))
		}
	}
	return out
}

// idsOf are the ids in one of the lists of a policy.
func (s *Server) idsOf(p *Policy, member string) []string {
	ids := []string{}
	switch member {
	case "resources":
		for _, r := range s.ResourcesOf(p) {
			ids = append(ids, r.ID)
		}
	case "scopes":
		for _, v := range s.ScopesOf(p) {
			ids = append(ids, v.ID)
		}
	case "policies":
		for _, other := range s.Applied(p) {
			ids = append(ids, other.ID)
		}
	}
	return ids
}

// settle gives a reference what it says where nothing was said.
func (r *reference) settle(what Referred) {
	no := false
	switch {
	case what == Group && r.Children == nil:
		r.Children = &no
	case what != Group && r.Required == nil:
		r.Required = &no
	}
}

// identified are references by id; groups that are not there keep their path.
func identified(data json.RawMessage, what Referred, plain bool, names Names) json.RawMessage {
	if plain {
		var list []string
		_ = json.Unmarshal(data, &list)
		for i := range list {
			list[i] = names.ID(what, list[i])
		}
		return json.RawMessage(text(append([]string{}, list...)))
	}
	var list []reference
	_ = json.Unmarshal(data, &list)
	for i := range list {
		r := &list[i]
		r.settle(what)
		if what == Group {
			if id := names.ID(Group, r.Path); id != r.Path {
				r.ID, r.Path = id, ""
			}
			continue
		}
		r.ID = names.ID(what, r.ID)
	}
	return json.RawMessage(text(append([]reference{}, list...)))
}

// Applied are the policies that a policy applies; Applying are those that apply it.
func (s *Server) Applied(p *Policy) []Policy {
	var out []Policy
	for _, name := range p.names(settingPolicies) {
		if other := s.Policy(name); other != nil {
			out = append(out, *other)
		}
	}
	return out
}

func (s *Server) Applying(p *Policy) []Policy {
	return s.policiesWith(settingPolicies, p.Name)
}

// PermissionsFor are the policies that are for a resource, or for a scope.
func (s *Server) PermissionsFor(r *Resource) []Policy {
	return s.policiesWith(settingResources, r.Name)
}
func (s *Server) PermissionsTo(v *Scope) []Policy { return s.policiesWith(settingScopes, v.Name) }

func (s *Server) policiesWith(setting, name string) []Policy {
	var out []Policy
	for _, p := range s.Policies {
		if slices.Contains(p.names(setting), name) {
			out = append(out, p)
		}
	}
	return out
}

// ResourcesOf are the resources that a policy is for, ScopesOf the scopes.
func (s *Server) ResourcesOf(p *Policy) []Resource {
	var out []Resource
	for _, name := range p.names(settingResources) {
		if r := s.Resource(name); r != nil {
			out = append(out, *r)
		}
	}
	return out
}

func (s *Server) ScopesOf(p *Policy) []Scope {
	out := []Scope{}
	for _, name := range p.names(settingScopes) {
		if v := s.Scope(name); v != nil {
			out = append(out, *v)
		}
	}
	return out
}
