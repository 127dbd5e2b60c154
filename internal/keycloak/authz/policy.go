package authz

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// special are the members of policies that refer to things outside, by kind of policy.
var special = map[string]struct {
	member string // and setting
	what   Referred
	plain  bool // a list of ids alone
}{
	"role":         {"roles", Role, false},
	"client":       {"clients", Client, true},
	"client-scope": {"clientScopes", ClientScope, false},
	"group":        {"groups", Group, false},
	"user":         {"users", User, true},
}

// texts are the members of policies that settings hold as they are: member → setting, by kind of policy.
var texts = map[string]map[string]string{
	"role":  {"fetchRoles": "fetchRoles"},
	"group": {"groupsClaim": "groupsClaim"},
	"js":    {"code": "code"},
	"regex": {"targetClaim": "targetClaim", "pattern": "pattern", settingContext: settingContext},
	"time": {"notBefore": "nbf", "notOnOrAfter": "noa", "dayMonth": "dayMonth", "dayMonthEnd": "dayMonthEnd", "month": "month", "monthEnd": "monthEnd",
		"year": "year", "yearEnd": "yearEnd", "hour": "hour", "hourEnd": "hourEnd", "minute": "minute", "minuteEnd": "minuteEnd"},
	"resource": {"resourceType": "defaultResourceType"},
	"scope":    {"resourceType": "defaultResourceType"},
	"uma":      {"resourceType": "defaultResourceType"},
}

// PutPolicy adds the policy that a body describes, or, with an id, replaces the one that has it, and gives
// its id. A kind is of the address where that names one.
func (s *Server) PutPolicy(id, kind string, body keycloak.Object, names Names, newID func() string) (string, error) {
	old := find(s.Policies, func(p Policy) bool { return id != "" && p.ID == id })
	if id != "" && old == nil {
		return "", fault.ErrNotFound
	}
	p := Policy{ID: id, Name: body.Text("name"), Description: body.Text("description"), Kind: kind, Logic: body.Text("logic"),
		Strategy: body.Text("decisionStrategy"), Config: keycloak.Value[map[string]string](body, "config")}
	if p.Kind == "" {
		p.Kind = body.Text("type")
	}
	if old != nil {
		if p.Kind == "" {
			p.Kind = old.Kind
		}
		if p.Config == nil {
			p.Config = maps.Clone(old.Config)
		}
	}
	p.complete()
	if err := s.checkPolicy(&p, old); err != nil {
		return "", err
	}
	if err := s.describe(&p, body, names); err != nil {
		return "", err
	}
	if err := checkReferred(&p, old, names); err != nil {
		return "", err
	}
	if old != nil {
		s.replace(settingPolicies, old.Name, p.Name)
		*old = p
		return id, nil
	}
	if p.ID = body.Text("id"); p.ID == "" || s.Policy(p.ID) != nil {
		p.ID = newID()
	}
	s.Policies = append(s.Policies, p)
	return p.ID, nil
}

func (s *Server) checkPolicy(p, old *Policy) error {
	switch {
	case p.Name == "":
		return &fault.Invalid{Field: "name", Message: "A policy needs a name"}
	case !Known(p.Kind):
		return &fault.Invalid{Field: "type", Message: "No policy provider found with type [" + p.Kind + "]"}
	case p.Logic != "POSITIVE" && p.Logic != "NEGATIVE":
		return &fault.Invalid{Field: "logic", Message: "Logic " + strconv.Quote(p.Logic) + " is not one of POSITIVE, NEGATIVE"}
	}
	if err := checkStrategy(p.Strategy); err != nil {
		return err
	}
	if other := find(s.Policies, func(other Policy) bool { return other.Name == p.Name }); other != nil && other != old {
		return &Taken{Message: "Policy with name [" + p.Name + "] already exists", Kind: "Conflicting policy"}
	}
	return nil
}

func checkStrategy(strategy string) error {
	if !slices.Contains([]string{"UNANIMOUS", "AFFIRMATIVE", "CONSENSUS"}, strategy) {
		return &fault.Invalid{Field: "decisionStrategy", Message: "Decision strategy " + strconv.Quote(strategy) + " is not one of UNANIMOUS, AFFIRMATIVE, CONSENSUS"}
	}
	return nil
}

// describe puts what the members of a body say of a policy into its settings, by name. Settings that came
// as such are named too: whoever sends them may send ids.
func (s *Server) describe(p *Policy, body keycloak.Object, names Names) error {
	for member, setting := range texts[p.Kind] {
		if data, ok := body[member]; ok {
			p.Config[setting] = keycloak.Value[string](body, member)
			if data[0] != '"' {
				p.Config[setting] = string(data)
			}
		}
	}
	if _, ok := p.Config[settingContext]; !ok && p.Kind == "regex" {
		p.Config[settingContext] = "false"
	}
	if of, ok := special[p.Kind]; ok {
		data, given := body[of.member]
		if !given {
			data = json.RawMessage(p.Config[of.member])
		}
		if len(data) > 0 {
			p.Config[of.member] = named(data, of.what, of.plain, names)
		}
	}
	for _, list := range []struct {
		member, setting string
		name            func(string) (string, bool)
	}{
		{"resources", settingResources, func(id string) (string, bool) {
			r := s.Resource(id)
			return nameOf(r, func(r *Resource) string { return r.Name })
		}},
		{"scopes", settingScopes, func(id string) (string, bool) {
			v := s.Scope(id)
			return nameOf(v, func(v *Scope) string { return v.Name })
		}},
		{"policies", settingPolicies, func(id string) (string, bool) {
			v := s.Policy(id)
			return nameOf(v, func(v *Policy) string { return v.Name })
		}},
	} {
		ids, given := keycloak.Value[[]string](body, list.member), body.Has(list.member)
		if !given {
			ids = p.names(list.setting)
		}
		var found []string
		for _, id := range ids {
			name, ok := list.name(id)
			if !ok {
				return &fault.Invalid{Field: list.member, Message: "There is none of the " + list.member + " with id or name [" + id + "]"}
			}
			found = append(found, name)
		}
		p.setNames(list.setting, found)
	}
	return nil
}

func nameOf[T any](v *T, name func(*T) string) (string, bool) {
	if v == nil {
		return "", false
	}
	return name(v), true
}

// named are references by name, as settings hold them.
func named(data json.RawMessage, what Referred, plain bool, names Names) string {
	if plain {
		var ids []string
		_ = json.Unmarshal(data, &ids)
		for i := range ids {
			ids[i] = names.Name(what, ids[i])
		}
		return text(append([]string{}, ids...))
	}
	var list []reference
	_ = json.Unmarshal(data, &list)
	for i := range list {
		r := &list[i]
		if what == Group {
			if r.ID != "" {
				r.Path = names.Name(Group, r.ID)
			}
			r.ID = ""
			continue
		}
		r.ID = names.Name(what, r.ID)
	}
	return text(append([]reference{}, list...))
}

// DeletePolicy removes a policy, also from those that apply it.
func (s *Server) DeletePolicy(id string) error {
	p := find(s.Policies, func(p Policy) bool { return p.ID == id })
	if p == nil {
		return fault.ErrNotFound
	}
	name := p.Name
	s.Policies = slices.DeleteFunc(s.Policies, func(p Policy) bool { return p.ID == id })
	s.replace(settingPolicies, name, "")
	return nil
}
