package keycloak_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// TestProfileRoundTrip reads and writes every user profile of the realm files here.
func TestProfileRoundTrip(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range profileTexts(data) {
			found++
			checked, err := keycloak.Check("UPConfig", []byte(text))
			if err != nil {
				t.Errorf("%s: %v", file, err)
				continue
			}
			c, err := keycloak.ToProfile(keycloak.Value[keycloak.Object](keycloak.Object{"": checked}, ""))
			if err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if diff := cmp.Diff(loose(t, checked), loose(t, keycloak.FromProfile(c))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
			if problems := c.Problems(func(string) bool { return true }); len(problems) > 0 {
				t.Errorf("%s: %v", file, problems)
			}
		}
	}
	if found == 0 {
		t.Error("no realm file has a user profile")
	}
}

// profileTexts are the user profile configurations of a realm file, of one realm or several.
func profileTexts(data []byte) (out []string) {
	type file struct {
		Components map[string][]struct{ Config map[string][]string }
	}
	var several []file
	var one file
	if json.Unmarshal(data, &several) != nil && json.Unmarshal(data, &one) == nil {
		several = []file{one}
	}
	for _, f := range several {
		for _, component := range f.Components[keycloak.ProfileType] {
			out = append(out, component.Config["kc.user.profile.config"]...)
		}
	}
	return out
}

// loose is a representation without what goes without saying.
func loose(t *testing.T, representation any) map[string]any {
	t.Helper()
	data, err := json.Marshal(representation)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	if groups, ok := out["groups"].([]any); ok && len(groups) == 0 {
		delete(out, "groups")
	}
	for _, a := range out["attributes"].([]any) {
		if attribute := a.(map[string]any); attribute["multivalued"] == false {
			delete(attribute, "multivalued")
		}
	}
	return out
}

func TestKeptProfile(t *testing.T) {
	relaxed := profile.Relaxed()
	relaxed.Unmanaged = profile.AdminEdit
	kept := realm.Extra{}
	keycloak.KeepProfile(kept, profile.Default(), "one")
	keycloak.KeepProfile(kept, relaxed, "two")
	if diff := cmp.Diff(keycloak.FromProfile(relaxed), keycloak.FromProfile(keycloak.KeptProfile(kept))); diff != "" {
		t.Errorf("kept (-want +got):\n%s", diff)
	}
	components := keycloak.Value[map[string][]keycloak.Object](keycloak.Object(kept), "components")
	if list := components[keycloak.ProfileType]; len(list) != 1 || list[0].Text("id") != "one" {
		t.Errorf("components %v", components)
	}
	for name, kept := range map[string]realm.Extra{"none": {}, "broken": {"components": json.RawMessage(
		`{"org.keycloak.userprofile.UserProfileProvider": [{"providerId": "declarative-user-profile", "config": {"kc.user.profile.config": ["{"]}}]}`)}} {
		if diff := cmp.Diff(keycloak.FromProfile(profile.Default()), keycloak.FromProfile(keycloak.KeptProfile(kept))); diff != "" {
			t.Errorf("%s (-default +got):\n%s", name, diff)
		}
	}
	if _, err := keycloak.ToProfile(keycloak.Object{"unmanagedAttributePolicy": json.RawMessage(`"SOMETIMES"`)}); err == nil {
		t.Error("an unknown policy is accepted")
	}
}
