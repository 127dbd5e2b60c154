package clientpolicy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/clientpolicy"
)

// TestReview: what is not acted on is said, and nothing else.
func TestReview(t *testing.T) {
	parts := func(kinds ...string) (out []realm.PolicyPart) {
		for _, kind := range kinds {
			out = append(out, realm.PolicyPart{Kind: kind})
		}
		return out
	}
	notes := clientpolicy.Review([]realm.ClientPolicy{
		{Name: "good", Conditions: parts("any-client"), Executors: parts("pkce-enforcer", "secret-rotation")},
		{Name: "odd", Conditions: parts("client-type"), Executors: parts("saml-signature-enforcer", "auth-flow-enforcer", "nonsense")},
	})
	var got []string
	for _, n := range notes {
		got = append(got, n.Path+": "+n.Text)
	}
	want := []string{
		`clientPolicies.odd: its condition "client-type" is taken to hold: nothing here can ask it`,
		`clientPolicies.odd: kept, not acted on: executor "saml-signature-enforcer" is about what this server does not have`,
		`clientPolicies.odd: requests that it is for are refused: nothing here can do what executor "auth-flow-enforcer" demands`,
		`clientPolicies.odd: requests that it is for are refused: nothing here can do what executor "nonsense" demands`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
