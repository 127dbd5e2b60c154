package authflow

// Line is an execution as the list of a flow's executions shows it, those of its parts included.
type Line struct {
	ID          string   `json:"id"`
	Requirement string   `json:"requirement"`
	Name        string   `json:"displayName"`
	Alias       string   `json:"alias,omitempty"` // of its settings
	Description string   `json:"description,omitempty"`
	Choices     []string `json:"requirementChoices"`
	HasSettings bool     `json:"configurable"`
	IsFlow      bool     `json:"authenticationFlow,omitempty"`
	Provider    string   `json:"providerId,omitempty"`
	Config      string   `json:"authenticationConfig,omitempty"` // id
	FlowID      string   `json:"flowId,omitempty"`
	Level       int      `json:"level"` // how deep
	Index       int      `json:"index"` // among its neighbours
	Priority    int      `json:"priority"`
}

// The requirements of executions.
const (
	Required    = "REQUIRED"
	Alternative = "ALTERNATIVE"
	Disabled    = "DISABLED"
	Conditional = "CONDITIONAL"
)

// choices are the requirements that a flow within a flow may have, by its kind.
var choices = map[string][]string{
	Basic:  {Required, Alternative, Disabled, Conditional},
	Form:   {Required, Disabled},
	Client: {Alternative, Required, Disabled},
}

// Lines are the executions of a flow, those of flows within it after the execution that names them.
func (s *Set) Lines(f *Flow) []Line { return s.lines([]Line{}, f, nil) }

// lines adds the executions of a flow. above are the flows that it is within: a file may have a flow
// within itself.
func (s *Set) lines(out []Line, f *Flow, above []*Flow) []Line {
	for _, up := range above {
		if up == f {
			return out
		}
	}
	for i, e := range f.Executions {
		line := Line{ID: e.ID, Requirement: e.Requirement, Level: len(above), Index: i, Priority: e.Priority}
		if c := s.ConfigOf(e.Config); c != nil {
			line.Config, line.Alias = c.ID, c.Alias
		}
		if !e.IsFlow {
			known := Known(e.Authenticator)
			line.Name, line.HasSettings, line.Choices, line.Provider = known.Name, known.Configurable(), known.Choices, e.Authenticator
			out = append(out, line)
			continue
		}
		line.IsFlow, line.Name, line.Choices = true, e.Flow, choices[Basic]
		sub := s.FlowOf(e.Flow)
		if sub == nil { // a file may name a flow that it does not have
			out = append(out, line)
			continue
		}
		line.FlowID, line.Description = sub.ID, sub.Description
		if fitting, ok := choices[sub.Kind]; ok {
			line.Choices = fitting
		}
		if sub.Kind == Form {
			line.Provider = e.Authenticator
		}
		out = s.lines(append(out, line), sub, append(above, f))
	}
	return out
}
