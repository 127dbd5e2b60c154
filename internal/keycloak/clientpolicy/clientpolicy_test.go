package clientpolicy_test

import (
	"errors"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/clientpolicy"
)

// TestGlobalProfiles could be a realm's own, were they called otherwise.
func TestGlobalProfiles(t *testing.T) {
	var own []clientpolicy.Profile
	for _, p := range clientpolicy.Global() {
		p.Name = "my " + p.Name
		own = append(own, p)
	}
	if err := clientpolicy.KeepProfiles(realm.Extra{}, own); err != nil || len(own) != 10 {
		t.Errorf("%d profiles: %v", len(own), err)
	}
}

// TestPolicies name profiles that there are, the realm's and everybody's.
func TestPolicies(t *testing.T) {
	kept := realm.Extra{}
	if err := clientpolicy.KeepProfiles(kept, []clientpolicy.Profile{{Name: "strict", Executors: []clientpolicy.Executor{{ID: "pkce-enforcer"}}}}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		policy clientpolicy.Policy
		want   string
	}{
		"own profile":       {clientpolicy.Policy{Name: "p", Profiles: []string{"strict"}}, ""},
		"global profile":    {clientpolicy.Policy{Name: "p", Profiles: []string{"fapi-1-baseline"}}, ""},
		"unknown profile":   {clientpolicy.Policy{Name: "p", Profiles: []string{"none"}}, "Policy p contains invalid profile none"},
		"unknown condition": {clientpolicy.Policy{Name: "p", Conditions: []clientpolicy.Condition{{ID: "none"}}}, "Policy p contains invalid condition none"},
		"nameless":          {clientpolicy.Policy{}, "client policy without its name not allowed."},
	} {
		err := clientpolicy.KeepPolicies(kept, []clientpolicy.Policy{c.policy})
		var invalid *fault.Invalid
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &invalid) || invalid.Message != c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if list := clientpolicy.Policies(kept); len(list) != 1 || list[0].Name != "p" {
		t.Errorf("kept: %+v", list)
	}
}
