package authz

import (
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Set changes how the server enforces policies; what a body does not name stays.
func (s *Server) Set(body keycloak.Object) error {
	next := *s
	if body.Has("allowRemoteResourceManagement") {
		next.Remote = keycloak.Value[bool](body, "allowRemoteResourceManagement")
	}
	if mode := body.Text("policyEnforcementMode"); mode != "" {
		next.Mode = mode
	}
	if strategy := body.Text("decisionStrategy"); strategy != "" {
		next.Strategy = strategy
	}
	if !slices.Contains([]string{"ENFORCING", "PERMISSIVE", "DISABLED"}, next.Mode) {
		return &fault.Invalid{Field: "policyEnforcementMode", Message: "Policy enforcement mode " + strconv.Quote(next.Mode) + " is not one of ENFORCING, PERMISSIVE, DISABLED"}
	}
	if err := checkStrategy(next.Strategy); err != nil {
		return err
	}
	*s = next
	return nil
}

// Import adds what an export holds, and replaces what has the same name.
func (s *Server) Import(body keycloak.Object, names Names, newID func() string) error {
	if err := s.Set(body); err != nil {
		return err
	}
	for _, o := range keycloak.Value[[]keycloak.Object](body, "scopes") {
		if _, err := s.PutScope("", o, newID); err != nil {
			return err
		}
	}
	for _, o := range keycloak.Value[[]keycloak.Object](body, "resources") {
		id := ""
		if old := find(s.Resources, func(r Resource) bool { return r.Name == o.Text("name") }); old != nil {
			id = old.ID
		}
		owner, err := s.ownerOf(o["owner"], names, true)
		if err != nil {
			return err
		}
		if _, err := s.putResource(id, o, owner, newID); err != nil {
			return err
		}
	}
	return s.importPolicies(keycloak.Value[[]keycloak.Object](body, "policies"), names, newID)
}

// importPolicies adds policies, each after those that it applies: a file has them in any order.
func (s *Server) importPolicies(list []keycloak.Object, names Names, newID func() string) error {
	for len(list) > 0 {
		var later []keycloak.Object
		for _, o := range list {
			if waits(o, list) {
				later = append(later, o)
				continue
			}
			id := ""
			if old := find(s.Policies, func(p Policy) bool { return p.Name == o.Text("name") }); old != nil {
				id = old.ID
			}
			if _, err := s.PutPolicy(id, "", o, names, newID); err != nil {
				return err
			}
		}
		if len(later) == len(list) {
			return &fault.Invalid{Field: "policies", Message: "The policy [" + list[0].Text("name") + "] applies itself"}
		}
		list = later
	}
	return nil
}

// waits tells whether a policy applies one that is in the list too.
func waits(o keycloak.Object, list []keycloak.Object) bool {
	p := Policy{Config: keycloak.Value[map[string]string](o, "config")}
	return slices.ContainsFunc(p.names(settingPolicies), func(name string) bool {
		return slices.ContainsFunc(list, func(other keycloak.Object) bool { return other.Text("name") == name })
	})
}
