package keycloak_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// TestEmptyProviderSettings: a setting that is sent empty is not there, as in Keycloak, whose clients cannot read the
// empty ones; but a list of ours that is empty names nobody, and must not become one that is not set.
func TestEmptyProviderSettings(t *testing.T) {
	var o keycloak.Object
	if err := json.Unmarshal([]byte(`{"alias": "a", "providerId": "oidc",
		"config": {"issuer": "https://a.example", "authnContextClassRefs": "", "clientSecret": "", "tokenhouse.exchange.audience": ""}}`), &o); err != nil {
		t.Fatal(err)
	}
	p, _ := keycloak.ToProvider(o)
	want := []string{"issuer", "tokenhouse.exchange.audience"}
	if got := slices.Sorted(maps.Keys(keycloak.Value[map[string]string](keycloak.FromProvider(p), "config"))); !slices.Equal(got, want) {
		t.Errorf("config has %q, want %q", got, want)
	}
}

// TestEmptyFlowsOfClient: a new client whose flow is sent empty uses the realm's, as in Keycloak.
func TestEmptyFlowsOfClient(t *testing.T) {
	var o keycloak.Object
	if err := json.Unmarshal([]byte(`{"clientId": "a", "authenticationFlowBindingOverrides": {"browser": "", "direct_grant": " ", "other": "id"}}`), &o); err != nil {
		t.Fatal(err)
	}
	r := realm.New("shop", realm.Settings{Name: "shop"}).Realm()
	c, _ := keycloak.ToClient(r, o)
	got := keycloak.Value[map[string]string](keycloak.FromClient(r, c), "authenticationFlowBindingOverrides")
	if len(got) != 1 || got["other"] != "id" {
		t.Errorf("its flows are %q", got)
	}
}
