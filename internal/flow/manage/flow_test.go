package manage_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
	"github.com/tokenhouse/tokenhouse/internal/store"
)

// flowsOf are the flows that a realm keeps.
func flowsOf(t *testing.T, st *store.Store, name string) *authflow.Set {
	t.Helper()
	r := find(t, st, name)
	kept, err := st.Extra(t.Context(), r.Key, realm.KindRealm, r.Key)
	if err != nil {
		t.Fatal(err)
	}
	return authflow.Read(r.Key, kept)
}

// TestFlowInUse keeps a flow that a client or an identity provider signs users in by.
func TestFlowInUse(t *testing.T) {
	st, clients, _ := shop(t)
	flows, providers := &manage.Flows{Store: st}, &manage.Providers{Store: st}
	id, err := flows.Copy(t.Context(), author(), "shop", "browser", parsed(t, `{"newName": "mine"}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := providers.Create(t.Context(), author(), "shop", parsed(t, `{"alias": "up", "providerId": "oidc", "firstBrokerLoginFlowAlias": "mine"}`)); err != nil {
		t.Fatal(err)
	}
	refused := func(by string) {
		t.Helper()
		var why *fault.Refused
		if err := flows.Delete(t.Context(), author(), "shop", id); !errors.As(err, &why) || !strings.HasSuffix(why.Message, by) {
			t.Errorf("deleting a flow that %s uses: %v", by, err)
		}
	}
	refused("the identity provider up")
	if err := providers.Delete(t.Context(), author(), "shop", "up"); err != nil {
		t.Fatal(err)
	}
	if err := clients.Update(t.Context(), author(), "shop", "web", parsed(t, `{"authenticationFlowBindingOverrides": {"browser": "`+id+`"}}`)); err != nil {
		t.Fatal(err)
	}
	refused("the client web")
	if err := clients.Update(t.Context(), author(), "shop", "web", parsed(t, `{"authenticationFlowBindingOverrides": {"browser": ""}}`)); err != nil {
		t.Fatal(err)
	}
	if err := flows.Delete(t.Context(), author(), "shop", id); err != nil {
		t.Error(err)
	}
	if flowsOf(t, st, "shop").Flow(id) != nil {
		t.Error("the flow is still there")
	}
}

// TestEditedFlowsExport gives realm files that Keycloak takes: executions have no ids there.
func TestEditedFlowsExport(t *testing.T) {
	m, st := realms(t)
	load(t, m, `{"realm": "shop", "enabled": true}`)
	flows := &manage.Flows{Store: st}
	if _, err := flows.Create(t.Context(), author(), "shop", parsed(t, `{"alias": "own", "providerId": "basic-flow", "topLevel": true}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := flows.AddExecution(t.Context(), author(), "shop", "own", parsed(t, `{"provider": "auth-cookie"}`)); err != nil {
		t.Fatal(err)
	}
	ids := flowsOf(t, st, "shop")
	exported := export(t, m, "shop")
	if !strings.Contains(exported, `"alias": "own"`) {
		t.Fatal("the flow is not in the export")
	}
	if _, err := keycloak.ReadRealms(strings.NewReader(exported), func(int, int, keycloak.Object) error { return nil }); err != nil {
		t.Errorf("Keycloak would refuse the export: %v", err)
	}
	if again := flowsOf(t, st, "shop"); again.FlowOf("own").Executions[0].ID != ids.FlowOf("own").Executions[0].ID {
		t.Error("the execution has another id")
	}
}

// TestFlowsThatUnfold refuses a realm with flows that each lead twice to the next, which few of make more steps than anybody follows, as it comes and
// as it is made by hand.
func TestFlowsThatUnfold(t *testing.T) {
	m, st := realms(t)
	var all []string
	for i := range 40 {
		all = append(all, fmt.Sprintf(`{"alias": "f%d", "providerId": "basic-flow", "authenticationExecutions": [{"flowAlias": "f%[2]d", "requirement": "REQUIRED"}, {"flowAlias": "f%[2]d", "requirement": "REQUIRED"}]}`, i, i+1))
	}
	deep := `{"realm": "deep", "directGrantFlow": "direct grant", "authenticationFlows": [` + strings.ReplaceAll(strings.Join(all, ","), `"f0"`, `"direct grant"`) + `]}`
	var invalid *fault.Invalid
	if _, err := m.Create(t.Context(), author(), text(deep)); !errors.As(err, &invalid) {
		t.Errorf("a realm that comes with them: %v", err)
	}
	load(t, m, `{"realm": "shop", "enabled": true}`)
	flows := &manage.Flows{Store: st}
	below := ""
	for i := range 40 {
		id, err := flows.Create(t.Context(), author(), "shop", parsed(t, fmt.Sprintf(`{"alias": "f%d", "providerId": "basic-flow", "topLevel": true}`, i)))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if below == "" {
				break
			}
			if _, err = flows.PutExecution(t.Context(), author(), "shop", parsed(t, fmt.Sprintf(`{"parentFlow": %q, "flowId": %q, "requirement": "REQUIRED"}`, id, below))); err != nil {
				break
			}
		}
		if err != nil {
			if i < 5 || !errors.As(err, &invalid) {
				t.Errorf("flow %d: %v", i, err)
			}
			return
		}
		below = id
	}
	t.Error("forty flows are taken")
}
