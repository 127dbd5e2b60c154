package authflow

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// errIllegal says that an execution is not there, in Keycloak's word for it.
var errIllegal = &fault.NotFound{Message: "Illegal execution"}

// requirements are all that an execution may have.
var requirements = []string{Required, Alternative, Disabled, Conditional}

// parent is a flow that executions may be added to.
func parent(f *Flow, what string) error {
	switch {
	case f == nil:
		return &fault.Refused{Message: "Parent flow doesn't exist"}
	case f.BuiltIn:
		return &fault.Refused{Message: "It is illegal to add " + what + " to a built in flow"}
	}
	return nil
}

// next is the priority of an execution that comes last.
func (f *Flow) next() int {
	if len(f.Executions) == 0 {
		return 0
	}
	return f.Executions[len(f.Executions)-1].Priority + 1
}

// AddExecution adds an authenticator to the flow of this alias, and gives its id. It is switched off, unless it can only be
// one way, and comes last unless it brings a priority.
func (s *Set) AddExecution(flow, provider string, priority *int, newID func() string) (string, error) {
	f := s.FlowOf(flow)
	if err := parent(f, "execution"); err != nil {
		return "", err
	}
	if !fits(f.Kind, provider) {
		return "", noProvider(provider)
	}
	e := Execution{ID: newID(), Authenticator: provider, Requirement: Disabled}
	if choices := Known(provider).Choices; len(choices) == 1 {
		e.Requirement = choices[0]
	}
	return f.add(e, priority), nil
}

// noProvider refuses an execution that cannot be in a flow; "null" is Keycloak's word for none.
func noProvider(id string) error {
	return &fault.Refused{Message: "No authentication provider found for id: " + cmp.Or(id, "null")}
}

func (f *Flow) add(e Execution, priority *int) string {
	if e.Priority = f.next(); priority != nil {
		e.Priority = *priority
	}
	f.Executions = append(f.Executions, e)
	f.sort()
	return e.ID
}

// SubFlow is a flow to make within another.
type SubFlow struct {
	Alias, Description string
	Kind               string // Basic or Form
	Provider           string // the authenticator of a Form
	Priority           *int   // nil: it comes last
}

// AddFlow makes a flow within the one of this alias, switched off, and gives its id.
func (s *Set) AddFlow(flow string, sub SubFlow, newID func() string) (string, error) {
	if err := parent(s.FlowOf(flow), "sub-flow"); err != nil {
		return "", err
	}
	switch {
	case sub.Alias == "":
		return "", &fault.Conflict{Message: "Failed to create flow with empty alias name"}
	case s.FlowOf(sub.Alias) != nil:
		return "", &fault.Conflict{Message: "New flow alias name already exists"}
	case sub.Kind != Basic && sub.Kind != Form && sub.Kind != Client:
		return "", &fault.Invalid{Field: "type", Message: "Flow type " + strconv.Quote(sub.Kind) + " is not one of basic-flow, form-flow, client-flow"}
	}
	if err := checkAlias(sub.Alias); err != nil {
		return "", err
	}
	e := Execution{ID: newID(), Flow: sub.Alias, IsFlow: true, WasFlow: true, Requirement: Disabled}
	if sub.Kind == Form {
		e.Authenticator = sub.Provider
	}
	s.FlowOf(flow).add(e, sub.Priority)
	id := newID()
	s.Flows = append(s.Flows, Flow{ID: id, Alias: sub.Alias, Description: sub.Description, Kind: sub.Kind, Executions: []Execution{}})
	return id, nil
}

// Put adds an execution as it is given to the flow with the id of its parent, and gives its id. It comes last where
// priority is nil. Flows and settings that it names are named by id.
func (s *Set) Put(v View, priority *int, newID func() string) (string, error) {
	f := s.Flow(v.Parent)
	switch {
	case v.Parent == "":
		return "", &fault.Refused{Message: "parent flow not set on new execution"}
	case f == nil:
		return "", &fault.Refused{Message: "execution parent flow does not exist"}
	}
	if err := parent(f, "execution"); err != nil {
		return "", err
	}
	e := Execution{ID: newID(), Authenticator: v.Authenticator, Requirement: v.Requirement}
	if e.Requirement == "" {
		e.Requirement = Disabled
	}
	if err := checkRequirement(e.Requirement); err != nil {
		return "", err
	}
	if c := s.Config(v.Config); c != nil {
		e.Config = c.Alias
	}
	switch sub := s.Flow(v.FlowID); {
	case v.FlowID != "" && sub == nil:
		return "", &fault.Refused{Message: "Flow " + v.FlowID + " doesn't exist"}
	case sub != nil && s.within(sub, f, nil):
		return "", &fault.Refused{Message: "Flow " + sub.Alias + " would be part of itself"}
	case sub != nil:
		e.Flow, e.IsFlow, e.WasFlow = sub.Alias, true, true
	case !IsKnown(v.Authenticator):
		return "", noProvider(v.Authenticator)
	}
	return f.add(e, priority), nil
}

// within tells whether a flow is another or contains it.
func (s *Set) within(f, sought *Flow, seen []*Flow) bool {
	if f == sought {
		return true
	}
	if f == nil || slices.Contains(seen, f) {
		return false
	}
	return slices.ContainsFunc(f.Executions, func(e Execution) bool {
		return e.IsFlow && s.within(s.FlowOf(e.Flow), sought, append(seen, f))
	})
}

func checkRequirement(requirement string) error {
	if !slices.Contains(requirements, requirement) {
		return &fault.Invalid{Field: "requirement", Message: "Requirement " + strconv.Quote(requirement) + " is not one of REQUIRED, ALTERNATIVE, DISABLED, CONDITIONAL"}
	}
	return nil
}

// Change gives an execution the requirement and priority of a line; one that is a flow, the line's
// name and description too. flow is an alias, which has to exist and does not have to be the one that the
// execution is in.
func (s *Set) Change(flow string, to Line) error {
	if s.FlowOf(flow) == nil {
		return &fault.NotFound{Message: "Flow not found"}
	}
	f, e := s.Execution(to.ID)
	if e == nil {
		return errIllegal
	}
	if to.Requirement != "" {
		if err := checkRequirement(to.Requirement); err != nil {
			return err
		}
		e.Requirement = to.Requirement
	}
	e.Priority = to.Priority
	sub := s.FlowOf(e.Flow)
	f.sort() // e points elsewhere from here on
	if !to.IsFlow || sub == nil || to.Name == "" {
		return nil
	}
	sub.Description = to.Description
	return s.rename(sub, to.Name)
}

// DeleteExecution removes an execution, with its settings and the flow that it is.
func (s *Set) DeleteExecution(id string) error {
	f, e := s.Execution(id)
	if e == nil {
		return errIllegal
	}
	if f.BuiltIn {
		return &fault.Refused{Message: "It is illegal to remove execution from a built in flow"}
	}
	gone := *e
	f.Executions = slices.DeleteFunc(f.Executions, func(e Execution) bool { return e.ID == id })
	s.dropParts(gone)
	return nil
}

// Raise lets an execution run before the one that it follows, Lower after the one that follows it.
func (s *Set) Raise(id string) error { return s.move(id, -1) }
func (s *Set) Lower(id string) error { return s.move(id, +1) }

// move swaps an execution with a neighbour; the first and the last stay.
func (s *Set) move(id string, by int) error {
	f, e := s.Execution(id)
	if e == nil {
		return errIllegal
	}
	if f.BuiltIn {
		return &fault.Refused{Message: "It is illegal to modify execution in a built in flow"}
	}
	at := slices.IndexFunc(f.Executions, func(e Execution) bool { return e.ID == id })
	if to := at + by; to >= 0 && to < len(f.Executions) {
		a, b := &f.Executions[at], &f.Executions[to]
		*a, *b = *b, *a
		a.Priority, b.Priority = b.Priority, a.Priority
	}
	return nil
}
