package realmfile_test

import (
	"slices"
	"strings"
	"testing"
)

// TestKeptOfProviders: the report names the providers and mappers that nothing acts on, and no others.
func TestKeptOfProviders(t *testing.T) {
	b, err := buildData([]byte(`{"realm": "shop", "identityProviders": [{"alias": "up", "providerId": "oidc", "config": {}}, {"alias": "old", "providerId": "saml", "config": {}}],
		"identityProviderMappers": [
			{"name": "a", "identityProviderAlias": "up", "identityProviderMapper": "oidc-user-attribute-idp-mapper", "config": {}},
			{"name": "b", "identityProviderAlias": "old", "identityProviderMapper": "saml-user-attribute-idp-mapper", "config": {}}],
		"components": {"org.keycloak.storage.UserStorageProvider": [{"name": "ldap", "providerId": "ldap", "config": {}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range b.Notes {
		if strings.Contains(n.Text, "not acted on") {
			got = append(got, n.Path)
		}
	}
	slices.Sort(got)
	want := []string{"components.org.keycloak.storage.UserStorageProvider", "identityProviderMappers[1]", "identityProviders[1].providerId"}
	if !slices.Equal(got, want) {
		t.Errorf("kept only: %q, want %q", got, want)
	}
}

// TestKeptOfFlows: flows that are read are acted on, and so are languages and texts; the others only matter where their steps are not those that
// they come with. How Keycloak describes them changes from version to version.
func TestKeptOfFlows(t *testing.T) {
	const flow = `{"alias": "direct grant", "description": "as another version has it", "providerId": "basic-flow", "topLevel": true, "builtIn": true, "authenticationExecutions": [
		{"authenticator": "direct-grant-validate-username", "requirement": "REQUIRED", "priority": 10},
		{"authenticator": "direct-grant-validate-password", "requirement": "REQUIRED", "priority": 20},
		{"authenticatorFlow": true, "flowAlias": "Direct Grant - Conditional OTP", "requirement": "CONDITIONAL", "priority": 30}]},
		{"alias": "Direct Grant - Conditional OTP", "providerId": "basic-flow", "builtIn": true, "authenticationExecutions": [
		{"authenticator": "conditional-user-configured", "requirement": "REQUIRED", "priority": 10},
		{"authenticator": "direct-grant-validate-otp", "requirement": "OTP", "priority": 20}]}`
	const browser = `{"alias": "own", "providerId": "basic-flow", "topLevel": true, "authenticationExecutions": [{"authenticator": "auth-cookie", "requirement": "REQUIRED"}]}`
	const rest = `"supportedLocales": ["de"], "localizationTexts": {"de": {"a": "b"}}, "browserFlow": "own", "otpPolicyDigits": 8, "webAuthnPolicyPasswordlessRpId": "shop.example"`
	for requirement, want := range map[string]string{"REQUIRED": "", "DISABLED": "authenticationFlows"} {
		b, err := buildData([]byte(`{"realm": "shop", ` + rest + `, "directGrantFlow": "direct grant", "authenticationFlows": [` + browser + `, ` + strings.Replace(flow, `"requirement": "OTP"`, `"requirement": "`+requirement+`"`, 1) + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, n := range b.Notes {
			got = append(got, n.Path)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("one-time code %s: %q, want %q", requirement, b.Notes, want)
		}
	}
}

// TestDefaultGroupMissing tells of a default group that the file does not have, and passes over it.
func TestDefaultGroupMissing(t *testing.T) {
	b, err := buildData([]byte(`{"realm": "shop", "groups": [{"name": "here"}], "defaultGroups": ["/gone", "/here"]}`))
	if err != nil {
		t.Fatal(err)
	}
	if len(b.Notes) != 1 || b.Notes[0].String() != `defaultGroups[0]: there is no group "/gone"` {
		t.Errorf("told: %v", b.Notes)
	}
	if groups := b.Draft.Realm().DefaultGroups; len(groups) != 1 {
		t.Errorf("default groups: %v", groups)
	}
}
