package component_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/component"
)

// TestSecretStaysAtItsAddress lets nobody have a stored secret sent to another server, whether it is masked or left out.
func TestSecretStaysAtItsAddress(t *testing.T) {
	elsewhere := map[string][]string{"connectionUrl": {"ldaps://evil.example"}}
	with := func(name, value string, more map[string][]string) map[string][]string {
		out := map[string][]string{name: {value}}
		for name, values := range more {
			out[name] = values
		}
		return out
	}
	for name, c := range map[string]struct {
		config   map[string][]string
		provider string
		want     string
	}{
		"masked, at the same address":   {config: with("bindCredential", keycloak.SecretMask, map[string][]string{"connectionUrl": {"ldaps://directory"}})},
		"another setting":               {config: map[string][]string{"usersDn": {"ou=others"}}},
		"given again, elsewhere":        {config: with("bindCredential", "hush", elsewhere)},
		"removed, elsewhere":            {config: with("bindCredential", "", elsewhere)},
		"masked, elsewhere":             {config: with("bindCredential", keycloak.SecretMask, elsewhere), want: "config.bindCredential: The bindCredential has to be given again with another connectionUrl"},
		"left out, elsewhere":           {config: elsewhere, want: "config.bindCredential: The bindCredential has to be given again with another connectionUrl"},
		"the address removed":           {config: map[string][]string{"connectionUrl": {""}}, want: "config.bindCredential: The bindCredential has to be given again with another connectionUrl"},
		"two addresses in place of one": {config: map[string][]string{"connectionUrl": {"ldaps://directory", "ldaps://evil.example"}}, want: "config.bindCredential: The bindCredential has to be given again with another connectionUrl"},
		"another provider":              {provider: "kerberos", want: "config.bindCredential: The bindCredential has to be given again with another providerId"},
	} {
		before := component.Component{Type: component.TypeUserStorage, Provider: "ldap",
			Config: map[string][]string{"connectionUrl": {"ldaps://directory"}, "bindCredential": {"hush"}}}
		after := before
		if c.provider != "" {
			after.Provider = c.provider
		}
		after.Merge(c.config)
		got := ""
		if err := after.CheckSecrets(before, c.config); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	none := component.Component{Type: component.TypeUserStorage, Provider: "ldap", Config: map[string][]string{"connectionUrl": {"ldaps://directory"}}}
	moved := none
	moved.Merge(elsewhere)
	if err := moved.CheckSecrets(none, elsewhere); err != nil {
		t.Errorf("without a secret: %v", err)
	}
}
