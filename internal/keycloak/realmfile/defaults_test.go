package realmfile_test

import (
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// TestNewRealm gives a realm of which only the name is known exactly what Keycloak gives one.
func TestNewRealm(t *testing.T) {
	b, err := buildData([]byte(`{"realm": "adm-realms"}`))
	if err != nil {
		t.Fatal(err)
	}
	want, shown := recordings(t, "new-realm.json"), b.shown(t)
	m := matcher{ids: map[string]string{}}
	for _, question := range []string{"realm", "client scopes", "default scopes", "optional scopes"} {
		m.match(question, want[question], shown[question])
	}
	all := jsonOf(t, b.out)
	m.match("required actions", want["required actions"], all["requiredActions"])
	m.match("flows", want["flows"], topLevel(all["authenticationFlows"]))
	m.match("components", want["components"], flat(all["components"], "name", "providerId", "subType"))
	m.match("key providers", want["key providers"], flat(map[string]any{keycloak.KeyProviderType: all["components"].(map[string]any)[keycloak.KeyProviderType]}, "name", "providerId", "config"))
	for _, d := range m.differences {
		if !strings.Contains(d, ".id: want") && !strings.Contains(d, "parentId") { // flows and parents have no ids here
			t.Error(d)
		}
	}
}

// topLevel are the flows that the admin API lists: it leaves out those below others, and one of SAML.
func topLevel(flows any) any {
	var out []any
	for _, f := range flows.([]any) {
		if f := f.(map[string]any); f["topLevel"] == true && f["alias"] != "saml ecp" {
			out = append(out, f)
		}
	}
	return out
}

// flat lists components as the admin API does, with their type in each.
func flat(components any, members ...string) any {
	var out []any
	for kind, list := range components.(map[string]any) {
		for _, c := range list.([]any) {
			one := map[string]any{"providerType": kind}
			for _, member := range members {
				if value, ok := c.(map[string]any)[member]; ok {
					one[member] = value
				}
			}
			out = append(out, one)
		}
	}
	return out
}

// TestFlowsAreWhole finds each flow and each configuration that an execution of the built-in flows names.
func TestFlowsAreWhole(t *testing.T) {
	b, err := buildData([]byte(`{"realm": "x"}`))
	if err != nil {
		t.Fatal(err)
	}
	flows, configs := map[string]bool{}, map[string]bool{}
	for _, f := range keycloak.Value[[]keycloak.Object](b.out, "authenticationFlows") {
		flows[f.Text("alias")] = true
	}
	for _, c := range keycloak.Value[[]keycloak.Object](b.out, "authenticatorConfig") {
		configs[c.Text("alias")] = true
	}
	for _, f := range keycloak.Value[[]keycloak.Object](b.out, "authenticationFlows") {
		for _, e := range keycloak.Value[[]keycloak.Object](f, "authenticationExecutions") {
			if alias := e.Text("flowAlias"); alias != "" && !flows[alias] {
				t.Errorf("%s: no flow %q", f.Text("alias"), alias)
			}
			if alias := e.Text("authenticatorConfig"); alias != "" && !configs[alias] {
				t.Errorf("%s: no configuration %q", f.Text("alias"), alias)
			}
		}
	}
	for _, binding := range []string{"browserFlow", "directGrantFlow", "registrationFlow", "resetCredentialsFlow", "clientAuthenticationFlow", "firstBrokerLoginFlow", "dockerAuthenticationFlow"} {
		if !flows[b.out.Text(binding)] {
			t.Errorf("%s: no flow %q", binding, b.out.Text(binding))
		}
	}
}

// TestNewRealmRoles counts out what the roles of a new realm include.
func TestNewRealmRoles(t *testing.T) {
	b, err := buildData([]byte(`{"realm": "Shop"}`))
	if err != nil {
		t.Fatal(err)
	}
	r := b.Draft.Realm()
	holds := func(ref realm.RoleRef) string {
		set := &realm.RoleSet{}
		r.Expand(set, r.Role(ref).Key)
		var names []string
		for _, role := range set.All()[1:] {
			names = append(names, r.Ref(role).String())
		}
		return strings.Join(names, " ")
	}
	if got, want := holds(realm.RoleRef{Name: "default-roles-shop"}), "offline_access uma_authorization account/view-profile account/manage-account account/manage-account-links"; got != want {
		t.Errorf("default role: %s, want %s", got, want)
	}
	admin := holds(realm.RoleRef{Client: "realm-management", Name: "realm-admin"})
	if n := len(strings.Fields(admin)); n != 21 || !strings.Contains(admin, "realm-management/manage-organizations") {
		t.Errorf("realm-admin holds %d roles: %s", n, admin)
	}
	if got, want := holds(realm.RoleRef{Client: "realm-management", Name: "view-users"}), "realm-management/query-groups realm-management/query-users"; got != want {
		t.Errorf("view-users: %s", got)
	}
	console := r.Client("account-console")
	if len(console.ScopeMappings) != 2 || console.FullScope {
		t.Errorf("account-console carries %v", console.ScopeMappings)
	}
	if s := r.Scope("offline_access"); len(s.ScopeMappings) != 1 || r.RoleByKey(s.ScopeMappings[0]).Name != "offline_access" {
		t.Errorf("offline_access is for %v", s.ScopeMappings)
	}
}
