// Package authz holds the authorization services of a client: resources, scopes, and policies with the
// permissions among them. They are kept in the form that Keycloak exports, where all things refer to each
// other by name, and shown in the form of its administration API, where it is by id. Nothing here decides
// whether anybody may do anything.
package authz

import (
	"encoding/json"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Server is a client as a resource server.
type Server struct {
	Remote    bool       `json:"allowRemoteResourceManagement"`
	Mode      string     `json:"policyEnforcementMode"`
	Resources []Resource `json:"resources"`
	Policies  []Policy   `json:"policies"`
	Scopes    []Scope    `json:"scopes"`
	Strategy  string     `json:"decisionStrategy"`

	ClientKey string `json:"-"` // whose server it is
}

// Resource is something that is protected.
type Resource struct {
	ID          string              `json:"_id,omitempty"`
	Name        string              `json:"name"`
	Kind        string              `json:"type,omitempty"`
	Owner       json.RawMessage     `json:"owner,omitempty"` // absent: the client
	UserManaged bool                `json:"ownerManagedAccess"`
	DisplayName string              `json:"displayName,omitempty"`
	Attributes  map[string][]string `json:"attributes"`
	URIs        []string            `json:"uris,omitempty"`
	Icon        string              `json:"icon_uri,omitempty"`
	Scopes      []Named             `json:"scopes,omitempty"`
}

// Named is a scope, named as part of a resource.
type Named struct {
	Name string `json:"name"`
}

// Scope is something that can be done to a resource.
type Scope struct {
	ID          string `json:"id,omitempty"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName,omitempty"`
	Icon        string `json:"iconUri,omitempty"`
}

// Policy is a condition; one that says to what it applies is a permission.
type Policy struct {
	ID          string            `json:"id,omitempty"`
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Kind        string            `json:"type"`
	Logic       string            `json:"logic"`
	Strategy    string            `json:"decisionStrategy"`
	Config      map[string]string `json:"config"`
}

// member is the member of a client's representation that its authorization services are kept in.
const member = "authorizationSettings"

// ProtectionRole is the role of a resource server by which its service account looks after what it protects.
const ProtectionRole = "uma_protection"

// On tells whether a client is a resource server, by what is kept of it.
func On(kept realm.Extra) bool {
	return keycloak.Value[bool](keycloak.Object(kept), "authorizationServicesEnabled")
}

// Read takes the authorization services from what is kept of a client. A client that has just become a
// resource server has none. What has no id yet gets one, always the same.
func Read(client *realm.Client, kept realm.Extra) *Server {
	s := &Server{ClientKey: client.Key, Remote: true, Mode: "ENFORCING", Strategy: "UNANIMOUS"}
	if data, ok := kept[member]; ok {
		_ = json.Unmarshal(data, s) // what was kept was checked when it came
		s.oldURIs(data)
	}
	for i := range s.Resources {
		r := &s.Resources[i]
		r.ID = orMade(r.ID, client.Key, "resource", r.Name)
		r.Owner = keptOwner(readOwner(r.Owner).word())
		if r.Attributes == nil {
			r.Attributes = map[string][]string{}
		}
	}
	for i := range s.Scopes {
		s.Scopes[i].ID = orMade(s.Scopes[i].ID, client.Key, "scope", s.Scopes[i].Name)
	}
	for i := range s.Policies {
		p := &s.Policies[i]
		p.ID = orMade(p.ID, client.Key, "policy", p.Name)
		p.complete()
	}
	return s
}

// oldURIs takes the one URI that resources once had.
func (s *Server) oldURIs(data json.RawMessage) {
	var old struct {
		Resources []struct {
			URI string `json:"uri"`
		} `json:"resources"`
	}
	_ = json.Unmarshal(data, &old)
	for i := range s.Resources {
		if uri := old.Resources[i].URI; uri != "" && len(s.Resources[i].URIs) == 0 {
			s.Resources[i].URIs = []string{uri}
		}
	}
}

func orMade(id string, names ...string) string {
	if id != "" {
		return id
	}
	return keycloak.MadeID(names...)
}

// complete gives a policy what every policy has.
func (p *Policy) complete() {
	if p.Logic == "" {
		p.Logic = "POSITIVE"
	}
	if p.Strategy == "" {
		p.Strategy = "UNANIMOUS"
	}
	if p.Config == nil {
		p.Config = map[string]string{}
	}
}

// Keep puts the authorization services where Read takes them from.
func (s *Server) Keep(kept realm.Extra) {
	out := *s
	out.Resources = append([]Resource{}, s.Resources...)
	out.Policies = append([]Policy{}, s.Policies...)
	out.Scopes = append([]Scope{}, s.Scopes...)
	keycloak.Object(kept).Put(member, out)
}

// Resource finds a resource by id or name, Scope and Policy likewise; nil where there is none.
func (s *Server) Resource(id string) *Resource {
	return find(s.Resources, func(r Resource) bool { return r.ID == id }, func(r Resource) bool { return r.Name == id })
}

func (s *Server) Scope(id string) *Scope {
	return find(s.Scopes, func(v Scope) bool { return v.ID == id }, func(v Scope) bool { return v.Name == id })
}

func (s *Server) Policy(id string) *Policy {
	return find(s.Policies, func(p Policy) bool { return p.ID == id }, func(p Policy) bool { return p.Name == id })
}

// find is the first element that fits the first of tests that any element fits.
func find[T any](list []T, tests ...func(T) bool) *T {
	for _, test := range tests {
		if i := slices.IndexFunc(list, test); i >= 0 {
			return &list[i]
		}
	}
	return nil
}

// Permission tells whether a policy of a kind says to what it applies.
func Permission(kind string) bool { return kind == "resource" || kind == "scope" || kind == "uma" }

// names is a setting that is a list of names.
func (p *Policy) names(setting string) []string {
	var list []string
	_ = json.Unmarshal([]byte(p.Config[setting]), &list) // a setting that is no list names nothing
	return list
}

// setNames sets a setting that is a list of names; an empty one is left out.
func (p *Policy) setNames(setting string, list []string) {
	if len(list) == 0 {
		delete(p.Config, setting)
		return
	}
	p.Config[setting] = text(list)
}

// text is a value as JSON within a text, as settings hold it.
func text(v any) string {
	o := keycloak.Object{}
	o.Put("v", v)
	return string(o["v"])
}

// The settings of policies that name things.
const (
	settingResources = "resources"
	settingScopes    = "scopes"
	settingPolicies  = "applyPolicies"
	settingContext   = "targetContextAttributes" // of regular expressions: they look at attributes of the request
)

// replace gives what is named in a setting of all policies another name; "" takes it out.
func (s *Server) replace(setting, was, now string) {
	for i := range s.Policies {
		p := &s.Policies[i]
		list := p.names(setting)
		at := slices.Index(list, was)
		switch {
		case at < 0:
			continue
		case now == "":
			list = slices.Delete(list, at, at+1)
		default:
			list[at] = now
		}
		p.setNames(setting, list)
	}
}
