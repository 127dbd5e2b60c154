package realmfile

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
)

// checkFlows refuses flows that nobody can follow to their end, as those do who read them.
func checkFlows(o keycloak.Object) error { return flowsOf(o).CheckSize() }

func flowsOf(o keycloak.Object) *authflow.Set { return authflow.Read("", realm.Extra(o)) }

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
		if alias == "" || alias != defaults.Text(binding) || theirs.FlowOf(alias) == nil {
			continue
		}
		if !slices.Equal(steps(theirs, alias, nil), steps(ours, alias, nil)) {
			notes = append(notes, keycloak.Note{Path: "authenticationFlows", Text: notActedOn + ": the flow " + alias + " has other steps than it comes with"})
		}
	}
	return notes
}

// steps are what a flow asks for, in its order, with the flows in it. What is switched off is no step, and a flow within itself is passed over.
func steps(set *authflow.Set, alias string, above []string) (out []string) {
	f := set.FlowOf(alias)
	if f == nil || slices.Contains(above, alias) {
		return nil
	}
	for _, e := range f.Executions {
		if e.Requirement != authflow.Disabled {
			out = append(out, e.Requirement+" "+e.Authenticator)
			out = append(out, steps(set, e.Flow, append(above, alias))...)
		}
	}
	return out
}
