// Package component holds the components of a realm other than its key providers, and describes all that
// Keycloak comes with: user federation with its mappers, policies of client registration, user profiles.
package component

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Component is a configured provider of something.
type Component struct {
	ID       string              `json:"id"`
	Name     string              `json:"name,omitempty"`
	Provider string              `json:"providerId"`
	Type     string              `json:"providerType"`
	Parent   string              `json:"parentId"` // the realm's id, or the id of the component that it is part of
	SubType  string              `json:"subType,omitempty"`
	Config   map[string][]string `json:"config"`
}

// member is the member of a realm's representation that components are kept in.
const member = "components"

// exported is a component as realm files hold it: below its type, with its parts.
type exported struct {
	ID       string                `json:"id,omitempty"`
	Name     string                `json:"name,omitempty"`
	Provider string                `json:"providerId"`
	SubType  string                `json:"subType,omitempty"`
	Parts    map[string][]exported `json:"subComponents"`
	Config   map[string][]string   `json:"config"`
}

// Read lists what a realm keeps, each component before its parts. What has no id yet gets one, always the
// same.
func Read(realmID string, kept realm.Extra) []Component {
	all := keycloak.Value[map[string][]exported](keycloak.Object(kept), member)
	return flatten(nil, all, realmID)
}

func flatten(out []Component, all map[string][]exported, parent string) []Component {
	for _, kind := range sorted(all) {
		for _, e := range all[kind] {
			if e.ID == "" {
				e.ID = keycloak.MadeID(parent, "component", kind, e.SubType, e.Provider, e.Name)
			}
			if e.Config == nil {
				e.Config = map[string][]string{}
			}
			out = append(out, Component{ID: e.ID, Name: e.Name, Provider: e.Provider, Type: kind, Parent: parent, SubType: e.SubType, Config: e.Config})
			out = flatten(out, e.Parts, e.ID)
		}
	}
	return out
}

// Keep puts components where Read takes them from.
func Keep(realmID string, kept realm.Extra, list []Component) {
	keycloak.Object(kept).Put(member, nest(list, realmID))
}

// nest are the components that are part of a parent, with theirs.
func nest(list []Component, parent string) map[string][]exported {
	out := map[string][]exported{}
	for _, c := range list {
		if c.Parent == parent {
			out[c.Type] = append(out[c.Type], exported{ID: c.ID, Name: c.Name, Provider: c.Provider, SubType: c.SubType,
				Parts: nest(list, c.ID), Config: c.Config})
		}
	}
	return out
}

// Find is the component with this id in a list, or nil.
func Find(list []Component, id string) *Component {
	if i := slices.IndexFunc(list, func(c Component) bool { return c.ID == id }); i >= 0 {
		return &list[i]
	}
	return nil
}

// Without is a list without the component with this id and all that is part of it.
func Without(list []Component, id string) []Component {
	gone := map[string]bool{id: true}
	var left []Component
	for _, c := range list { // parts come after what they are part of
		if gone[c.ID] || gone[c.Parent] {
			gone[c.ID] = true
			continue
		}
		left = append(left, c)
	}
	return left
}

// Shown is the component without secrets, and without what its provider keeps for itself. Of providers
// that are not known everything is shown that is no secret of any other.
func (c Component) Shown() Component {
	known := Provider(c.Type, c.Provider)
	shown := map[string][]string{}
	for name, values := range c.Config {
		secret, ok := known.property(name)
		switch {
		case secret:
			shown[name] = slices.Repeat([]string{keycloak.SecretMask}, len(values))
		case ok || len(known.Properties) == 0:
			shown[name] = values
		}
	}
	c.Config = shown
	return c
}

// Merge gives a component the settings of an update: those that it names, an empty one removing what was
// there, and none where they are masked.
func (c *Component) Merge(config map[string][]string) {
	merged := map[string][]string{}
	for name, values := range c.Config {
		merged[name] = values
	}
	for name, values := range config {
		values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
		if len(values) == 0 {
			delete(merged, name)
			continue
		}
		if values = slices.DeleteFunc(values, func(v string) bool { return v == keycloak.SecretMask }); len(values) > 0 {
			merged[name] = values
		}
	}
	c.Config = merged
}
