package authflow

import (
	"fmt"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
)

// mostSteps is how many steps a flow may have, those of the flows in it counted as often as it leads to them. Flows of people have
// some ten.
const mostSteps = 1_000

// CheckSize refuses flows with more steps than that. A flow may be part of several others, so that a short text may hold one that
// nobody can follow to its end.
func (s *Set) CheckSize() error {
	parts := map[string]*Flow{}
	for i := range s.Flows {
		if f := &s.Flows[i]; parts[f.Alias] == nil { // as FlowOf has it
			parts[f.Alias] = f
		}
	}
	for i := range s.Flows {
		if f := &s.Flows[i]; left(f, parts, nil, mostSteps) < 0 {
			return &fault.Invalid{Field: memberFlows, Message: fmt.Sprintf("flow %q has more than %d steps, with those of the flows in it", f.Alias, mostSteps)}
		}
	}
	return nil
}

// left is how many of so many steps a flow leaves, less than 0 where they are not enough. A flow within itself is passed over.
func left(f *Flow, parts map[string]*Flow, above []*Flow, steps int) int {
	if f == nil || slices.Contains(above, f) {
		return steps
	}
	above = append(above, f)
	for i := range f.Executions {
		if steps--; steps < 0 {
			break
		}
		if steps = left(parts[f.Executions[i].Flow], parts, above, steps); steps < 0 {
			break
		}
	}
	return steps
}
