package replay

import "strings"

// Accepted is a difference that is meant. Scenario, Step and Path may end in "*", which stands for any
// rest; an empty one matches all.
type Accepted struct {
	Scenario, Step, Path string
	Why                  string // name of the divergence, a colon, and what it means here
}

// Covers tells whether a difference of a step is the accepted one.
func (a Accepted) Covers(scenario, step string, d Difference) bool {
	return matches(a.Scenario, scenario) && matches(a.Step, step) && matches(a.Path, d.Path)
}

func matches(pattern, s string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(s, prefix)
	}
	return pattern == "" || pattern == s
}
