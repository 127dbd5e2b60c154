package authflow_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
)

// TestFlowsThatUnfold: few flows that each are in the one before many times are more than anybody follows; a flow that is in itself, and one
// that is in two others, are not.
func TestFlowsThatUnfold(t *testing.T) {
	leadsTo := func(flow string, others ...string) string {
		var steps []string
		for _, other := range others {
			steps = append(steps, fmt.Sprintf(`{"flowAlias": %q, "requirement": "REQUIRED"}`, other))
		}
		return fmt.Sprintf(`{"alias": %q, "providerId": "basic-flow", "authenticationExecutions": [%s]}`, flow, strings.Join(steps, ","))
	}
	var nested, tangled, names []string
	for i := range 30 {
		next := fmt.Sprint("f", i+1)
		nested, names = append(nested, leadsTo(fmt.Sprint("f", i), next, next)), append(names, fmt.Sprint("f", i))
	}
	for _, name := range names {
		tangled = append(tangled, leadsTo(name, names...))
	}
	for name, tt := range map[string]struct {
		flows []string
		good  bool
	}{
		"those of a new realm": {nil, true},
		"in two others":        {[]string{leadsTo("a", "c"), leadsTo("b", "c"), leadsTo("c")}, true},
		"in itself":            {[]string{leadsTo("a", "b"), leadsTo("b", "a")}, true},
		"twice in each before": {nested, false},
		"each in each":         {tangled, false},
	} {
		kept := built(t)
		if tt.flows != nil {
			kept = realm.Extra{"authenticationFlows": json.RawMessage("[" + strings.Join(tt.flows, ",") + "]")}
		}
		err := authflow.Read("realm", kept).CheckSize()
		var invalid *fault.Invalid
		if tt.good != (err == nil) || !tt.good && !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
