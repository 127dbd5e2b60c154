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
)

// Plan is what the realm's browser flow asks for: of each flow within it those executions that are required, or else
// its alternatives. What it does not look at: authenticators of extensions, and settings of executions other than
// conditions. A flow in which there is no way in is the plain one.
func (s *Set) Plan() login.Plan { return s.plan(s.FlowOf(s.bindings[browserFlow])) }

// PlanOf is what the flow with this id asks for, in the place of the realm's browser flow; ok is false where there is
// none.
func (s *Set) PlanOf(id string) (plan login.Plan, ok bool) {
	f := s.Flow(id)
	return s.plan(f), f != nil
}

func (s *Set) plan(f *Flow) login.Plan {
	if f == nil {
		return login.PlainPlan()
	}
	r := planner{set: s}
	r.flow(f, within{}, false)
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

// within is what holds of a flow by those that it is in.
type within struct {
	flows    []*Flow           // from the top
	optional bool              // it is run for those only who have its factors
	level    int               // of assurance that it is on the way to; 0: none
	ifs      []login.Condition // that have to hold for it to be run
}

// flow reads a flow. known says that what came before made sure of who signs in, and the result whether that is so
// after it.
func (r *planner) flow(f *Flow, in within, known bool) bool {
	if slices.Contains(in.flows, f) { // a file may have a flow within itself
		return known
	}
	in.flows = append(slices.Clip(in.flows), f)
	steps, alternatives := f.active()
	for _, e := range steps {
		known = r.step(e, in, known)
	}
	if len(steps) > 0 {
		return known
	}
	var ways []string
	after := known
	for _, e := range alternatives {
		if factor := factorOf(e); known && factor != "" {
			ways = append(ways, factor)
			continue
		}
		after = r.step(e, in, known) || after
	}
	if len(ways) > 0 {
		r.choose(in, !in.optional, ways...)
	}
	return after
}

// choose adds a choice.
func (r *planner) choose(in within, must bool, ways ...string) {
	r.plan.Choices = append(r.plan.Choices, login.Choice{Ways: ways, Must: must, Level: in.level, If: in.ifs})
}

// step reads an execution.
func (r *planner) step(e Execution, in within, known bool) bool {
	if e.IsFlow {
		return r.inner(e, in, known)
	}
	factor := factorOf(e)
	switch {
	case e.Authenticator == login.FactorPassword, e.Authenticator == passwordOnly:
		if !r.plan.Password {
			r.plan.Password, r.plan.Entry = true, in.level
		}
		return true
	case factor == login.FactorPasskeyOnly && !known:
		if !r.plan.Password && !r.plan.Passkey {
			r.plan.Entry = in.level
		}
		r.plan.Passkey = true
		return true
	case factor != "":
		r.choose(in, !in.optional && e.Authenticator != conditionalOTP, factor)
	}
	return known
}

// inner reads a flow within the flow. A conditional one without conditions is not run, as in Keycloak.
func (r *planner) inner(e Execution, in within, known bool) bool {
	f := r.set.FlowOf(e.Flow)
	if f == nil {
		return known
	}
	if e.Requirement == Conditional {
		conditions := f.conditions()
		if len(conditions) == 0 {
			return known
		}
		for _, c := range conditions {
			r.condition(c, &in)
		}
	}
	return r.flow(f, in, known)
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
