// Package explain records the reasons of a decision.
package explain

// Outcome is what a rule did with its subject.
type Outcome string

const (
	Allowed Outcome = "allowed"
	Denied  Outcome = "denied"
	Kept    Outcome = "kept"
	Added   Outcome = "added"
	Dropped Outcome = "dropped"
	None    Outcome = "none" // looked for and not found
	Skipped Outcome = "skipped"
)

// Step is one rule as it was applied. Subject and Args are names and ids, never token or secret values.
type Step struct {
	Rule    Rule      `json:"rule"`
	Outcome Outcome   `json:"outcome"`
	Subject string    `json:"subject,omitempty"`
	Args    [2]string `json:"args,omitzero"` // what Because fills in
}

// Trace is the steps of a decision in the order they were taken. A nil *Trace records nothing, so
// that a decision whose reasons nobody will read costs nothing to explain.
type Trace struct {
	Steps []Step `json:"steps"`
}

// roomForSteps is for how many steps there is room at first: an exchange takes about as many.
const roomForSteps = 48

// Add records a step. Up to two args fill the places of the rule's phrase, in order.
func (t *Trace) Add(rule Rule, outcome Outcome, subject string, args ...string) {
	if t == nil {
		return
	}
	if t.Steps == nil {
		t.Steps = make([]Step, 0, roomForSteps)
	}
	s := Step{Rule: rule, Outcome: outcome, Subject: subject}
	copy(s.Args[:], args)
	t.Steps = append(t.Steps, s)
}

// Join appends the steps of another trace; either may be nil.
func (t *Trace) Join(other *Trace) {
	if t == nil || other == nil {
		return
	}
	t.Steps = append(t.Steps, other.Steps...)
}

// Denials are the steps that refused something.
func (t *Trace) Denials() []Step {
	if t == nil {
		return nil
	}
	var out []Step
	for _, s := range t.Steps {
		if s.Outcome == Denied {
			out = append(out, s)
		}
	}
	return out
}
