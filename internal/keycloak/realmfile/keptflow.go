package realmfile

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
)

// checkFlows refuses flows that nobody can follow to their end, as those do who read them.
func checkFlows(o keycloak.Object) error { return authflow.Read("", realm.Extra(o)).CheckSize() }

// undrawn are the bindings of flows whose steps are the same here whatever they are drawn as. Browser flows and those of a first login by an
// identity provider are read.
var undrawn = []string{"registrationFlow", "directGrantFlow", "resetCredentialsFlow", "clientAuthenticationFlow", "dockerAuthenticationFlow"}

// keptFlows lists the flows that do something else in Keycloak than those of a new realm, which nothing here acts on. That another flow is bound
// in their place is told by the binding.
func keptFlows(file, defaults keycloak.Object) []keycloak.Note {
	theirs, ours := flowsOf(file), flowsOf(defaults)
	var notes []keycloak.Note
	for _, binding := range undrawn {
		alias := file.Text(binding)
		if alias == "" || alias != defaults.Text(binding) || theirs[alias] == nil {
			continue
		}
		if !slices.Equal(theirs.steps(alias, nil), ours.steps(alias, nil)) {
			notes = append(notes, keycloak.Note{Path: "authenticationFlows", Text: notActedOn + ": the flow " + alias + " has other steps than it comes with"})
		}
	}
	return notes
}

// flows are the executions of each flow, by its alias.
type flows map[string][]keycloak.Object

func flowsOf(o keycloak.Object) flows {
	all := flows{}
	for _, f := range keycloak.Value[[]keycloak.Object](o, "authenticationFlows") {
		all[f.Text("alias")] = append([]keycloak.Object{}, keycloak.Value[[]keycloak.Object](f, "authenticationExecutions")...)
	}
	return all
}

// steps are what a flow asks for, in its order, with the flows in it. What is switched off is no step, and a flow within itself is passed over.
func (all flows) steps(alias string, above []string) (out []string) {
	if slices.Contains(above, alias) {
		return nil
	}
	executions := all[alias]
	slices.SortStableFunc(executions, func(a, b keycloak.Object) int {
		return keycloak.Value[int](a, "priority") - keycloak.Value[int](b, "priority")
	})
	for _, e := range executions {
		if requirement := e.Text("requirement"); requirement != "DISABLED" {
			out = append(out, requirement+" "+e.Text("authenticator"))
			out = append(out, all.steps(e.Text("flowAlias"), append(above, alias))...)
		}
	}
	return out
}
