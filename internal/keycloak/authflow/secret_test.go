package authflow_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/authflow"
)

// TestConfigSecrets masks what is a secret and what nothing is known of, and keeps it where the mask comes back.
func TestConfigSecrets(t *testing.T) {
	s := authflow.Read("realm", built(t))
	stored := map[string]string{"secret.key": "hush", "my.own": "perhaps secret", "site.key": "open", "default.reference.value": "mfa", "empty": ""}
	id, err := s.AddConfig(authflow.Config{Alias: "robots", Settings: stored}, counter())
	if err != nil {
		t.Fatal(err)
	}
	delete(stored, "empty") // is not kept
	shown := s.Config(id).Shown()
	want := map[string]string{"secret.key": keycloak.SecretMask, "my.own": keycloak.SecretMask, "site.key": "open", "default.reference.value": "mfa"}
	if d := cmp.Diff(want, shown.Settings); d != "" {
		t.Errorf("shown: %s", d)
	}
	if err := s.UpdateConfig(id, shown); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(stored, s.Config(id).Settings); d != "" {
		t.Errorf("what was shown came back, and changed: %s", d)
	}
	put := authflow.Config{Settings: map[string]string{"secret.key": "new", "another": keycloak.SecretMask, "site.key": keycloak.SecretMask}}
	if err := s.UpdateConfig(id, put); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{"secret.key": "new", "site.key": keycloak.SecretMask}, s.Config(id).Settings); d != "" {
		t.Errorf("a new secret, a mask of nothing, and a mask of what is shown: %s", d)
	}
}

// TestConfigSecretsOfExecution keeps what is masked of the settings that an execution had, and of no others.
func TestConfigSecretsOfExecution(t *testing.T) {
	s, newID := authflow.Read("realm", built(t)), counter()
	if _, err := s.Add(authflow.Flow{Alias: "own", TopLevel: true}, newID); err != nil {
		t.Fatal(err)
	}
	masked := map[string]string{"secret.key": keycloak.SecretMask}
	var executions []string
	for range 2 {
		id, err := s.AddExecution("own", "identity-provider-redirector", nil, newID)
		if err != nil {
			t.Fatal(err)
		}
		executions = append(executions, id)
	}
	if _, err := s.Configure(executions[0], authflow.Config{Alias: "robots", Settings: map[string]string{"secret.key": "hush"}}, newID); err != nil {
		t.Fatal(err)
	}
	for i, want := range []map[string]string{{"secret.key": "hush"}, {}} {
		id, err := s.Configure(executions[i], authflow.Config{Alias: []string{"robots", "others"}[i], Settings: masked}, newID)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, s.Config(id).Settings); d != "" {
			t.Errorf("execution %d: %s", i, d)
		}
	}
}
