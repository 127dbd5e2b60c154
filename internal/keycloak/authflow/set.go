package authflow

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Set is all of a realm's flows, settings of executions and required actions.
type Set struct {
	Flows   []Flow
	Configs []Config
	Actions []Action

	bindings map[string]string // the realm's members that name a flow → its alias
	realmKey string
}

// Flow is an ordered list of executions: one to sign in by, or part of another.
type Flow struct {
	ID          string      `json:"id,omitempty"`
	Alias       string      `json:"alias"`
	Description string      `json:"description,omitempty"`
	Kind        string      `json:"providerId"`
	TopLevel    bool        `json:"topLevel"`
	BuiltIn     bool        `json:"builtIn"`
	Executions  []Execution `json:"authenticationExecutions"`
}

// The kinds of flow.
const (
	Basic  = "basic-flow"
	Form   = "form-flow"
	Client = "client-flow"
)

// Execution is a step of a flow: an authenticator, or a flow within the flow.
type Execution struct {
	ID            string `json:"id,omitempty"`                  // not in exports
	Config        string `json:"authenticatorConfig,omitempty"` // alias
	Authenticator string `json:"authenticator,omitempty"`
	IsFlow        bool   `json:"authenticatorFlow"`
	WasFlow       bool   `json:"autheticatorFlow"` // IsFlow, in the spelling of older versions
	Flow          string `json:"flowAlias,omitempty"`
	Requirement   string `json:"requirement"`
	Priority      int    `json:"priority"`
	UserSetup     bool   `json:"userSetupAllowed"`
}

// Config is the settings of an execution.
type Config struct {
	ID       string            `json:"id,omitempty"`
	Alias    string            `json:"alias,omitempty"`
	Settings map[string]string `json:"config"`
}

// Action is something that a user has to do after signing in.
type Action struct {
	Alias         string            `json:"alias"`
	Name          string            `json:"name,omitempty"`
	Provider      string            `json:"providerId,omitempty"`
	Enabled       bool              `json:"enabled"`
	DefaultAction bool              `json:"defaultAction"`
	Priority      int               `json:"priority"`
	Settings      map[string]string `json:"config"`
}

// The members of a realm's representation that a Set is kept in.
const (
	memberFlows   = "authenticationFlows"
	memberConfigs = "authenticatorConfig"
	memberActions = "requiredActions"
)

// bindings are the members of a realm that name the flow for a purpose.
var bindings = []string{"browserFlow", "registrationFlow", "directGrantFlow", "resetCredentialsFlow",
	"clientAuthenticationFlow", "dockerAuthenticationFlow", "firstBrokerLoginFlow"}

// Read takes the set from what a realm keeps. What has no id yet gets one, always the same.
func Read(realmKey string, kept realm.Extra) *Set {
	o := keycloak.Object(kept)
	s := &Set{
		Flows:    keycloak.Value[[]Flow](o, memberFlows),
		Configs:  keycloak.Value[[]Config](o, memberConfigs),
		Actions:  keycloak.Value[[]Action](o, memberActions),
		bindings: map[string]string{}, realmKey: realmKey,
	}
	for _, member := range bindings {
		s.bindings[member] = o.Text(member)
	}
	for i := range s.Flows {
		f := &s.Flows[i]
		f.ID = orMade(f.ID, realmKey, "flow", f.Alias)
		for j := range f.Executions {
			e := &f.Executions[j]
			e.ID = orMade(e.ID, realmKey, "execution", f.Alias, strconv.Itoa(j))
			e.IsFlow = e.Flow != ""
			e.WasFlow = e.IsFlow
		}
		f.sort()
	}
	for i := range s.Configs {
		s.Configs[i].ID = orMade(s.Configs[i].ID, realmKey, "config", s.Configs[i].Alias)
		if s.Configs[i].Settings == nil {
			s.Configs[i].Settings = map[string]string{}
		}
	}
	for i := range s.Actions {
		if s.Actions[i].Settings == nil {
			s.Actions[i].Settings = map[string]string{}
		}
	}
	return s
}

func orMade(id string, names ...string) string {
	if id != "" {
		return id
	}
	return keycloak.MadeID(names...)
}

// Keep puts the set where Read takes it from.
func (s *Set) Keep(kept realm.Extra) {
	o := keycloak.Object(kept)
	o.Put(memberFlows, s.Flows)
	o.Put(memberConfigs, s.Configs)
	o.Put(memberActions, s.Actions)
	for _, member := range bindings {
		if alias := s.bindings[member]; alias != "" {
			o.Put(member, alias)
		}
	}
}

// Export takes out of a realm's representation what only we keep: Keycloak's files have no ids of
// executions, and its importer would refuse them. A representation without them stays as it is.
func Export(o keycloak.Object) {
	flows := keycloak.Value[[]keycloak.Object](o, memberFlows)
	changed := false
	for _, f := range flows {
		executions := keycloak.Value[[]map[string]json.RawMessage](f, "authenticationExecutions")
		for _, e := range executions {
			if _, ok := e["id"]; ok {
				changed = true
				delete(e, "id")
			}
		}
		f.Put("authenticationExecutions", executions)
	}
	if changed {
		o.Put(memberFlows, flows)
	}
}

// sort puts executions in the order in which they run; those of one priority stay as they stand.
func (f *Flow) sort() {
	slices.SortStableFunc(f.Executions, func(a, b Execution) int { return a.Priority - b.Priority })
}

// Shown is the flow as a list shows it: without the ids of its executions, and never without a list.
func (f Flow) Shown() Flow {
	f.Executions = append([]Execution{}, f.Executions...)
	for i := range f.Executions {
		f.Executions[i].ID = ""
	}
	return f
}
