package authflow

// hidden is a flow that Keycloak keeps and does not list.
const hidden = "saml ecp"

// Top are the flows that are not part of another.
func (s *Set) Top() []Flow {
	out := []Flow{}
	for _, f := range s.Flows {
		if f.TopLevel && f.Alias != hidden {
			out = append(out, f.Shown())
		}
	}
	return out
}

// Flow finds a flow by id, FlowOf by alias; nil where there is none.
func (s *Set) Flow(id string) *Flow {
	for i := range s.Flows {
		if s.Flows[i].ID == id {
			return &s.Flows[i]
		}
	}
	return nil
}

func (s *Set) FlowOf(alias string) *Flow {
	for i := range s.Flows {
		if s.Flows[i].Alias == alias {
			return &s.Flows[i]
		}
	}
	return nil
}

// Execution finds an execution by id, with the flow that it is in; nil where there is none.
func (s *Set) Execution(id string) (*Flow, *Execution) {
	for i := range s.Flows {
		f := &s.Flows[i]
		for j := range f.Executions {
			if f.Executions[j].ID == id {
				return f, &f.Executions[j]
			}
		}
	}
	return nil, nil
}

// Config finds the settings of executions by id, ConfigOf by alias; nil where there are none.
func (s *Set) Config(id string) *Config {
	for i := range s.Configs {
		if s.Configs[i].ID == id {
			return &s.Configs[i]
		}
	}
	return nil
}

func (s *Set) ConfigOf(alias string) *Config {
	for i := range s.Configs {
		if alias != "" && s.Configs[i].Alias == alias {
			return &s.Configs[i]
		}
	}
	return nil
}

// Action finds a required action by alias; nil where there is none.
func (s *Set) Action(alias string) *Action {
	for i := range s.Actions {
		if s.Actions[i].Alias == alias {
			return &s.Actions[i]
		}
	}
	return nil
}

// View is an execution as asking for it by id shows it.
type View struct {
	ID            string `json:"id"`
	Authenticator string `json:"authenticator,omitempty"`
	Config        string `json:"authenticatorConfig,omitempty"` // id
	IsFlow        bool   `json:"authenticatorFlow"`
	WasFlow       bool   `json:"autheticatorFlow"`
	FlowID        string `json:"flowId,omitempty"`
	Parent        string `json:"parentFlow"`
	Requirement   string `json:"requirement"`
	Priority      int    `json:"priority"`
}

// View shows an execution; false where there is none with the id.
func (s *Set) View(id string) (View, bool) {
	f, e := s.Execution(id)
	if e == nil {
		return View{}, false
	}
	v := View{ID: e.ID, Authenticator: e.Authenticator, IsFlow: e.IsFlow, WasFlow: e.WasFlow, Parent: f.ID,
		Requirement: e.Requirement, Priority: e.Priority}
	if c := s.ConfigOf(e.Config); c != nil {
		v.Config = c.ID
	}
	if sub := s.FlowOf(e.Flow); sub != nil {
		v.FlowID = sub.ID
	}
	return v, true
}
