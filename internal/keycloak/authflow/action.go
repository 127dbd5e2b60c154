package authflow

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

var errNoAction = &fault.NotFound{Message: "Failed to find required action"}

// Ordered are the required actions in the order in which a user is asked for them.
func (s *Set) Ordered() []Action {
	out := append([]Action{}, s.Actions...)
	sortActions(out)
	return out
}

func sortActions(list []Action) {
	slices.SortStableFunc(list, func(a, b Action) int { return a.Priority - b.Priority })
}

// Register adds a required action of a known provider, as the last one and switched on.
func (s *Set) Register(provider, name string) error {
	known := actionOf(provider)
	if known == nil {
		return &fault.Refused{Message: "Required Action Provider with given providerId not found"}
	}
	if s.Action(provider) != nil {
		return &fault.Conflict{Message: "A Required Action Provider with given alias already exists."}
	}
	if name == "" {
		name = known.Name
	}
	priority := 0
	for _, a := range s.Actions {
		priority = max(priority, a.Priority+1)
	}
	s.Actions = append(s.Actions, Action{Alias: provider, Provider: provider, Name: name, Enabled: true, Priority: priority, Settings: map[string]string{}})
	return nil
}

// Unregistered are the known required actions that the realm does not have.
func (s *Set) Unregistered() []KnownAction {
	out := []KnownAction{}
	for _, known := range catalogue().Actions {
		if !slices.ContainsFunc(s.Actions, func(a Action) bool { return a.Provider == known.ID }) {
			out = append(out, known)
		}
	}
	return out
}

// UpdateAction replaces a required action; its alias and provider stay.
func (s *Set) UpdateAction(alias string, to Action) error {
	a := s.Action(alias)
	if a == nil {
		return errNoAction
	}
	to.Alias, to.Provider = a.Alias, a.Provider
	if to.Settings == nil {
		to.Settings = map[string]string{}
	}
	*a = to
	return nil
}

// ConfigureAction replaces the settings of a required action; nil removes them.
func (s *Set) ConfigureAction(alias string, settings map[string]string) error {
	a := s.Action(alias)
	if a == nil {
		return errNoAction
	}
	if a.Settings = settings; settings == nil {
		a.Settings = map[string]string{}
	}
	return nil
}

// DeleteAction removes a required action.
func (s *Set) DeleteAction(alias string) error {
	if s.Action(alias) == nil {
		return errNoAction
	}
	s.Actions = slices.DeleteFunc(s.Actions, func(a Action) bool { return a.Alias == alias })
	return nil
}

// RaiseAction lets a required action come before the one that it follows, LowerAction after the one that
// follows it.
func (s *Set) RaiseAction(alias string) error { return s.moveAction(alias, -1) }
func (s *Set) LowerAction(alias string) error { return s.moveAction(alias, +1) }

func (s *Set) moveAction(alias string, by int) error {
	if s.Action(alias) == nil {
		return errNoAction
	}
	sortActions(s.Actions)
	at := slices.IndexFunc(s.Actions, func(a Action) bool { return a.Alias == alias })
	if to := at + by; to >= 0 && to < len(s.Actions) {
		a, b := &s.Actions[at], &s.Actions[to]
		*a, *b = *b, *a
		a.Priority, b.Priority = b.Priority, a.Priority
	}
	return nil
}
