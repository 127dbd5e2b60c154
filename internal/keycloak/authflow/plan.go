package authflow

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
)

// browserFlow is the member of a realm that names the flow by which people sign in.
const browserFlow = "browserFlow"

// The authenticators that a plan knows beside the factors of login.
const (
	passwordOnly   = "auth-password-form"
	conditionalOTP = "auth-conditional-otp-form"
	condition      = "conditional-" // what decides whether a flow is run begins with it
)

// Plan is what the realm's browser flow asks for: of each flow within it those executions that are required, or else
// its alternatives. What it does not look at: conditions other than whether somebody has a factor, authenticators of
// extensions, and settings of executions. A flow in which there is no way in is the plain one.
func (s *Set) Plan() login.Plan {
	f := s.FlowOf(s.bindings[browserFlow])
	if f == nil {
		return login.PlainPlan()
	}
	r := planner{set: s}
	r.flow(f, false, false, nil)
	if !r.plan.Password && !r.plan.Passkey {
		r.plan.Password = true
	}
	return r.plan
}

// planner reads a plan out of a flow.
type planner struct {
	set  *Set
	plan login.Plan
}

// flow reads a flow. known says that what came before made sure of who signs in, and the result whether that is so
// after it; optional that it is run for those only who have its factors. above are the flows that it is within.
func (r *planner) flow(f *Flow, known, optional bool, above []*Flow) bool {
	if slices.Contains(above, f) { // a file may have a flow within itself
		return known
	}
	above = append(slices.Clip(above), f)
	steps, alternatives := f.active()
	for _, e := range steps {
		known = r.step(e, known, optional || e.Requirement == Conditional, above)
	}
	if len(steps) > 0 {
		return known
	}
	ways := login.Choice{Must: !optional}
	after := known
	for _, e := range alternatives {
		if factor := factorOf(e); known && factor != "" {
			ways.Ways = append(ways.Ways, factor)
			continue
		}
		after = r.step(e, known, optional, above) || after
	}
	if len(ways.Ways) > 0 {
		r.plan.Choices = append(r.plan.Choices, ways)
	}
	return after
}

// step reads an execution.
func (r *planner) step(e Execution, known, optional bool, above []*Flow) bool {
	if e.IsFlow {
		if f := r.set.FlowOf(e.Flow); f != nil {
			return r.flow(f, known, optional, above)
		}
		return known
	}
	factor := factorOf(e)
	switch {
	case e.Authenticator == login.FactorPassword, e.Authenticator == passwordOnly:
		r.plan.Password = true
		return true
	case factor == login.FactorPasskeyOnly && !known:
		r.plan.Passkey = true
		return true
	case factor != "":
		must := !optional && e.Authenticator != conditionalOTP
		r.plan.Choices = append(r.plan.Choices, login.Choice{Ways: []string{factor}, Must: must})
	}
	return known
}

// active are the executions of a flow that are on: those that all are run, and those of which one is enough.
func (f *Flow) active() (steps, alternatives []Execution) {
	for _, e := range f.Executions {
		switch {
		case strings.HasPrefix(e.Authenticator, condition):
		case e.Requirement == Required, e.Requirement == Conditional:
			steps = append(steps, e)
		case e.Requirement == Alternative:
			alternatives = append(alternatives, e)
		}
	}
	return steps, alternatives
}

// factorOf is the factor that an execution asks for; empty where it is none that follows a password.
func factorOf(e Execution) string {
	switch e.Authenticator {
	case login.FactorOTP, login.FactorPasskey, login.FactorPasskeyOnly, login.FactorRecovery:
		return e.Authenticator
	case conditionalOTP:
		return login.FactorOTP
	}
	return ""
}
