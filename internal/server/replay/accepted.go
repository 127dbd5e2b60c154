package replay

import "strings"

// Place is where answers differ. Scenario, Step and Path may end in "*", which stands for any rest.
type Place struct{ Scenario, Step, Path string }

// Accepted is a difference that is meant.
type Accepted struct {
	Place
	Why string // name of the divergence, a colon, and what it means here
}

// Pending is a difference that an issue is going to end.
type Pending struct {
	Place
	Issue string
}

// Covers tells whether a difference of a step is at the place.
func (p Place) Covers(scenario, step string, d Difference) bool {
	return matches(p.Scenario, scenario) && matches(p.Step, step) && matches(p.Path, d.Path)
}

func matches(pattern, s string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(s, prefix)
	}
	return pattern == s
}
