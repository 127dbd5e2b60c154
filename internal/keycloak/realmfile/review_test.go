package realmfile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// reviewed is a realm with one of everything that a review finds. The permissions are as Keycloak exports them.
const reviewed = `{"realm": "shop", "enabled": true,
	"identityProviders": [{"alias": "partner", "internalId": "idp-1", "providerId": "oidc", "config": {}}],
	"roles": {"client": {"api": [{"name": "read"}], "off": [{"name": "old"}]}},
	"clientScopeMappings": {"api": [{"client": "desk", "roles": ["read"]}]},
	"clients": [
		{"id": "k-api", "clientId": "api", "secret": "s", "bearerOnly": true, "fullScopeAllowed": false},
		{"id": "k-off", "clientId": "off", "secret": "s", "enabled": false},
		{"id": "k-desk", "clientId": "desk", "secret": "s", "fullScopeAllowed": false, "redirectUris": ["https://desk.test/*"],
			"attributes": {"standard.token.exchange.enabled": "true"},
			"protocolMappers": [
				{"name": "a", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper", "config": {"included.client.audience": "gone"}},
				{"name": "b", "protocol": "openid-connect", "protocolMapper": "oidc-script-based-protocol-mapper", "config": {}},
				{"name": "c", "protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper", "config": {"claim.name": "exp", "claim.value": "1"}}]},
		{"id": "k-web", "clientId": "web", "publicClient": true, "redirectUris": ["*"]},
		{"id": "k-rm", "clientId": "realm-management", "secret": "s", "bearerOnly": true, "authorizationServicesEnabled": true,
			"authorizationSettings": {"policies": [
				{"name": "desk-may", "type": "client", "logic": "POSITIVE", "config": {"clients": "[\"desk\",\"web\"]"}},
				{"name": "staff-may", "type": "role", "logic": "POSITIVE", "config": {}},
				{"name": "manage.permission.client.k-api", "type": "scope", "config": {"resources": "[\"client.resource.k-api\"]", "scopes": "[\"manage\"]", "applyPolicies": "[]"}},
				{"name": "token-exchange.permission.client.k-api", "type": "scope", "logic": "POSITIVE",
					"config": {"resources": "[\"client.resource.k-api\"]", "scopes": "[\"token-exchange\"]", "applyPolicies": "[\"desk-may\",\"staff-may\"]"}},
				{"name": "token-exchange.permission.client.k-off", "type": "scope", "logic": "POSITIVE",
					"config": {"resources": "[\"client.resource.k-off\"]", "scopes": "[\"token-exchange\"]"}},
				{"name": "token-exchange.permission.idp.idp-1", "type": "scope", "logic": "POSITIVE",
					"config": {"resources": "[\"idp.resource.idp-1\"]", "scopes": "[\"token-exchange\"]", "applyPolicies": "[\"desk-may\"]"}}]}}]}`

func review(t *testing.T, file string) realmfile.Review {
	t.Helper()
	b, err := buildData([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return b.Review()
}

func TestReview(t *testing.T) {
	got := review(t, reviewed)
	for _, c := range []struct {
		name string
		got  []realmfile.Finding
		want []realmfile.Finding
	}{
		{"risks", got.Risks, []realmfile.Finding{
			{Name: "full-scope", Clients: []string{"web"}, Commands: []string{"tokenhouse admin update clients/k-web -r shop -s fullScopeAllowed=false"}},
			{Name: "account-audience", Clients: []string{"web"}, Commands: []string{
				"tokenhouse admin remove-roles -r shop --rname default-roles-shop --cclientid account --rolename manage-account --rolename manage-account-links --rolename view-profile"}},
			{Name: "any-exchange", Clients: []string{"desk"}, Commands: []string{
				`tokenhouse admin update clients/k-desk -r shop -s 'attributes."tokenhouse.exchange.permitted"=api##gone'`}},
			{Name: "any-redirect", Clients: []string{"web"}},
		}},
		{"permissions", got.Permissions, []realmfile.Finding{
			{Name: "v1-permission", Clients: []string{"api"}, Commands: []string{
				`tokenhouse admin update clients/k-api -r shop -s 'attributes."tokenhouse.exchange.accepts"=desk##web'`}},
			{Name: "v1-permission", Clients: []string{"off"}, Commands: []string{
				`tokenhouse admin update clients/k-off -r shop -s 'attributes."tokenhouse.exchange.accepts"=##'`}},
			{Name: "v1-permission", Clients: []string{"desk", "web"}, Commands: []string{
				`tokenhouse admin update identity-provider/instances/partner -r shop -s 'config."tokenhouse.exchange.trusted"=true'`,
				`tokenhouse admin update clients/k-desk -r shop -s 'attributes."tokenhouse.exchange.external"=true' -s 'attributes."tokenhouse.exchange.issuers"=partner'`,
				`tokenhouse admin update clients/k-web -r shop -s 'attributes."tokenhouse.exchange.external"=true' -s 'attributes."tokenhouse.exchange.issuers"=partner'`}},
			{Name: "v1-permission", Clients: []string{"desk"}, Commands: []string{
				`tokenhouse admin update clients/k-desk -r shop -s 'attributes."tokenhouse.exchange.permitted"=api'`}},
			{Name: "v1-permission", Clients: []string{"web"}, Commands: []string{
				`tokenhouse admin update clients/k-web -r shop -s 'attributes."tokenhouse.exchange.permitted"=api' -s 'attributes."tokenhouse.exchange.public"=true'`}},
		}},
		{"differences", got.Differences, []realmfile.Finding{
			{Name: "absent-clients", Clients: []string{"gone", "off"}},
			{Name: "mapper-kinds"},
			{Name: "reserved-claims"},
			{Name: "cap-lifetime", Clients: []string{"desk"}, Commands: []string{
				`tokenhouse admin update realms/shop -r shop -s 'attributes."tokenhouse.exchange.cap-lifetime"=false'`}},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			bare := slices.Clone(c.got)
			for i := range bare {
				if bare[i].Text == "" {
					t.Errorf("%s says nothing", bare[i].Name)
				}
				bare[i].Text = ""
			}
			if d := cmp.Diff(c.want, bare); d != "" {
				t.Error(d)
			}
		})
	}
	if text := got.Permissions[0].Text; !strings.Contains(text, "staff-may") {
		t.Errorf("the policy that no setting expresses is not named: %s", text)
	}
}

// TestReviewOfNothing finds nothing in a realm that has only what comes with every realm.
func TestReviewOfNothing(t *testing.T) {
	got := review(t, `{"realm": "shop"}`)
	if len(got.Risks)+len(got.Permissions)+len(got.Differences) > 0 {
		t.Errorf("%+v", got)
	}
	if len(got.Holds) == 0 || got.Holds[0] != (realmfile.Count{Noun: "clients", N: 6}) {
		t.Errorf("holds %+v", got.Holds)
	}
}

// TestRolesOfFirstExchange: tokens of Keycloak's first exchange carried the roles of whom they were for. The report has the scope mappings that
// say the same, for who may not carry the roles anyway.
func TestRolesOfFirstExchange(t *testing.T) {
	b, err := buildData([]byte(`{"realm": "books", "roles": {"client": {"catalogue": [{"id": "r1", "name": "edit"}, {"id": "r2", "name": "view"}]}},
		"clients": [{"id": "c1", "clientId": "desk", "fullScopeAllowed": false}, {"id": "c2", "clientId": "till", "fullScopeAllowed": true}, {"id": "c3", "clientId": "catalogue"},
			{"clientId": "realm-management", "authorizationSettings": {"policies": [
				{"name": "both", "type": "client", "logic": "POSITIVE", "config": {"clients": "[\"desk\",\"till\"]"}},
				{"name": "token-exchange.permission.client.c3", "type": "scope", "logic": "POSITIVE",
				 "config": {"resources": "[\"client.resource.c3\"]", "scopes": "[\"token-exchange\"]", "applyPolicies": "[\"both\"]"}}]}}],
		"clientScopeMappings": {"catalogue": [{"client": "desk", "roles": ["view"]}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range b.Review().Permissions {
		if f.Name == "v1-roles" {
			got = append(got, append(f.Clients, f.Commands...)...)
		}
	}
	want := []string{"desk", `tokenhouse admin create clients/c1/scope-mappings/clients/c3 -r books -b '[{"id":"r1","name":"edit"}]'`}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
