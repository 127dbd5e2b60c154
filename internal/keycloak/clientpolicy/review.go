package clientpolicy

import (
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Review says which demands of the policies that are on nothing here can meet, and which are about what is not here.
func Review(active []realm.ClientPolicy) (notes []keycloak.Note) {
	for _, p := range active {
		path := memberPolicies + "." + p.Name
		for _, c := range p.Conditions {
			if !policy.Acts(c.Kind) {
				notes = append(notes, keycloak.Note{Path: path, Text: fmt.Sprintf("its condition %q is taken to hold: nothing here can ask it", c.Kind)})
			}
		}
		for _, e := range p.Executors {
			switch {
			case policy.Acts(e.Kind):
			case policy.Passes(e.Kind):
				notes = append(notes, keycloak.Note{Path: path, Text: fmt.Sprintf("kept, not acted on: executor %q is about what this server does not have", e.Kind)})
			default:
				notes = append(notes, keycloak.Note{Path: path, Text: fmt.Sprintf("requests that it is for are refused: nothing here can do what executor %q demands", e.Kind)})
			}
		}
	}
	return notes
}
