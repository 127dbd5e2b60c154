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
