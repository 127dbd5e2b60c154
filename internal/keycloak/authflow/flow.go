package authflow

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Add adds a flow without executions, and gives its id.
func (s *Set) Add(f Flow, newID func() string) (string, error) {
	switch {
	case f.Alias == "":
		return "", &fault.Conflict{Message: "Failed to create flow with empty alias name"}
	case s.FlowOf(f.Alias) != nil:
		return "", &fault.Conflict{Message: "Flow " + f.Alias + " already exists"}
	case s.Flow(f.ID) != nil:
		return "", &fault.Conflict{Message: "Flow " + f.ID + " already exists"}
	}
	if err := checkAlias(f.Alias); err != nil {
		return "", err
	}
	if f.Kind == "" {
		f.Kind = Basic
	}
	if f.ID == "" {
		f.ID = newID()
	}
	f.Executions = []Execution{}
	s.Flows = append(s.Flows, f)
	return f.ID, nil
}

// checkAlias refuses an alias that cannot be part of an address.
func checkAlias(alias string) error {
	if err := realm.CheckReserved(alias); err != nil {
		return &fault.Refused{Message: err.Error()}
	}
	return nil
}

// Update changes a flow's alias and description.
func (s *Set) Update(id, alias, description string) error {
	f := s.Flow(id)
	if f == nil {
		return &fault.NotFound{Message: "Could not find flow with id"}
	}
	if alias == "" {
		return &fault.Conflict{Message: "Failed to update flow with empty alias name"}
	}
	if err := s.rename(f, alias); err != nil {
		return err
	}
	f.Description = description
	return nil
}

// rename gives a flow another alias, and tells whatever names it.
func (s *Set) rename(f *Flow, alias string) error {
	old := f.Alias
	if alias == old {
		return nil
	}
	if s.FlowOf(alias) != nil {
		return &fault.Conflict{Message: "Flow alias name already exists"}
	}
	if err := checkAlias(alias); err != nil {
		return err
	}
	f.Alias = alias
	for i := range s.Flows {
		for j := range s.Flows[i].Executions {
			if e := &s.Flows[i].Executions[j]; e.Flow == old {
				e.Flow = alias
			}
		}
	}
	for member, bound := range s.bindings {
		if bound == old {
			s.bindings[member] = alias
		}
	}
	return nil
}

// Delete removes a flow with the flows and settings that only it has.
func (s *Set) Delete(id string) error {
	f := s.Flow(id)
	switch {
	case f == nil:
		return &fault.NotFound{Message: "Flow not found"}
	case f.BuiltIn:
		return &fault.Refused{Message: "Can't delete built in flow"}
	}
	for _, member := range bindings {
		if s.bindings[member] == f.Alias {
			return InUse("the realm's " + member)
		}
	}
	alias := f.Alias
	s.drop(alias)
	for i := range s.Flows { // of which it was a part
		of := &s.Flows[i]
		of.Executions = slices.DeleteFunc(of.Executions, func(e Execution) bool { return e.Flow == alias })
	}
	return nil
}

// InUse refuses to delete a flow that somebody signs in by.
func InUse(by string) error {
	return &fault.Refused{Message: "Cannot remove authentication flow, it is currently in use by " + by}
}

// drop removes a flow, its settings and the flows within it.
func (s *Set) drop(alias string) {
	f := s.FlowOf(alias)
	if f == nil {
		return
	}
	executions := f.Executions
	s.Flows = slices.DeleteFunc(s.Flows, func(f Flow) bool { return f.Alias == alias })
	for _, e := range executions {
		s.dropParts(e)
	}
}

// dropParts removes what an execution names that is gone from its flow, unless another names it too.
func (s *Set) dropParts(e Execution) {
	if e.Flow != "" && !s.named(func(other Execution) bool { return other.Flow == e.Flow }) {
		if sub := s.FlowOf(e.Flow); sub != nil && !sub.TopLevel {
			s.drop(e.Flow)
		}
	}
	if e.Config != "" && !s.named(func(other Execution) bool { return other.Config == e.Config }) {
		s.Configs = slices.DeleteFunc(s.Configs, func(c Config) bool { return c.Alias == e.Config })
	}
}

func (s *Set) named(is func(Execution) bool) bool {
	return slices.ContainsFunc(s.Flows, func(f Flow) bool { return slices.ContainsFunc(f.Executions, is) })
}

// Copy adds a flow like the one of this alias under another, with flows and settings of its own whose
// aliases begin with the new one, and gives its id. Without a name the copy is called one.
func (s *Set) Copy(alias, name string, newID func() string) (string, error) {
	f := s.FlowOf(alias)
	if f == nil {
		return "", &fault.NotFound{Message: "Flow not found"}
	}
	if name == "" {
		name = "Copy of " + alias
	}
	if s.FlowOf(name) != nil {
		return "", &fault.Conflict{Message: "New flow alias name already exists"}
	}
	if err := checkAlias(name); err != nil {
		return "", err
	}
	c := copier{set: s, prefix: name + " ", newID: newID, as: map[string]string{alias: name}}
	if err := c.copy(*f, name); err != nil {
		return "", err
	}
	return s.FlowOf(name).ID, nil
}

// copier copies a flow with what it is made of.
type copier struct {
	set    *Set
	prefix string
	newID  func() string
	as     map[string]string // alias of a flow → that of its copy
}

func (c *copier) copy(f Flow, alias string) error {
	f.ID, f.Alias, f.BuiltIn = c.newID(), alias, false
	f.Executions = slices.Clone(f.Executions)
	at := len(c.set.Flows)
	c.set.Flows = append(c.set.Flows, f)
	for i := range f.Executions {
		e := &f.Executions[i]
		e.ID = c.newID()
		if config := c.set.ConfigOf(e.Config); config != nil {
			e.Config = c.free(c.prefix + config.Alias)
			c.set.Configs = append(c.set.Configs, Config{ID: c.newID(), Alias: e.Config, Settings: config.Settings})
		}
		sub := c.set.FlowOf(e.Flow)
		if !e.IsFlow || sub == nil {
			continue
		}
		if copied, ok := c.as[e.Flow]; ok {
			e.Flow = copied
			continue
		}
		inner := c.prefix + e.Flow
		if c.set.FlowOf(inner) != nil {
			return &fault.Conflict{Message: "Flow " + inner + " already exists"}
		}
		c.as[e.Flow] = inner
		e.Flow = inner
		if err := c.copy(*sub, inner); err != nil {
			return err
		}
	}
	c.set.Flows[at] = f
	return nil
}

// free is an alias for settings that no others have.
func (c *copier) free(alias string) string {
	for c.set.ConfigOf(alias) != nil {
		alias += " copy"
	}
	return alias
}
