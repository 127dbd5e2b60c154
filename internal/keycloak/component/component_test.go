package component_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/component"
)

const federation = `{"org.keycloak.storage.UserStorageProvider":[{"id":"ldap-1","name":"directory","providerId":"ldap","config":{
	"bindCredential":["hush"],"usersDn":["ou=people"]},"subComponents":{"org.keycloak.storage.ldap.mappers.LDAPStorageMapper":[
	{"name":"mail","providerId":"user-attribute-ldap-mapper","subComponents":{},"config":{"ldap.attribute":["mail"]}}]}}]}`

func kept() realm.Extra { return realm.Extra{"components": json.RawMessage(federation)} }

// TestParts shows components and their parts as one list, and keeps them as a tree.
func TestParts(t *testing.T) {
	extra := kept()
	list := component.Read("r", extra)
	if len(list) != 2 || list[0].Parent != "r" || list[1].Parent != "ldap-1" || list[1].ID == "" {
		t.Fatalf("list: %+v", list)
	}
	component.Keep("r", extra, list)
	if diff := cmp.Diff(list, component.Read("r", extra)); diff != "" {
		t.Error(diff)
	}
	if _, err := keycloak.Check("map<ComponentExport[]>", extra["components"]); err != nil {
		t.Errorf("not as Keycloak exports it: %v", err)
	}
	if left := component.Without(list, "ldap-1"); len(left) != 0 {
		t.Errorf("parts are left of what is gone: %+v", left)
	}
	if left := component.Without(list, list[1].ID); len(left) != 1 {
		t.Errorf("left: %+v", left)
	}
}

// TestSecrets are not shown, and stay where the mask comes back.
func TestSecrets(t *testing.T) {
	c := component.Read("r", kept())[0]
	shown := c.Shown()
	if shown.Config["bindCredential"][0] != keycloak.SecretMask || c.Config["bindCredential"][0] != "hush" {
		t.Errorf("shown %v, kept %v", shown.Config, c.Config)
	}
	c.Merge(shown.Config)
	c.Merge(map[string][]string{"usersDn": {""}, "vendor": {"other"}})
	want := map[string][]string{"bindCredential": {"hush"}, "vendor": {"other"}}
	if diff := cmp.Diff(want, c.Config); diff != "" {
		t.Error(diff)
	}
	unknown := component.Component{Type: "my.Type", Provider: "mine", Config: map[string][]string{"bindCredential": {"x"}, "other": {"y"}}}.Shown()
	if unknown.Config["bindCredential"][0] != keycloak.SecretMask || unknown.Config["other"][0] != "y" {
		t.Errorf("of a provider that is not known: %v", unknown.Config)
	}
}

// TestKey refuses settings of keys that do not parse, and takes the key away when another is asked for.
func TestKey(t *testing.T) {
	for name, c := range map[string]struct {
		config map[string][]string
		want   string
	}{
		"priorities": {map[string][]string{"priority": {"1", "2"}}, "'Priority' should be a single entry"},
		"priority":   {map[string][]string{"priority": {"high"}}, "'Priority' should be a number"},
		"enabled":    {map[string][]string{"enabled": {"perhaps"}}, "'Enabled' should be 'true' or 'false'"},
		"size":       {map[string][]string{"keySize": {"big"}}, "'Key size' should be 1024, 2048, 3072 or 4096"},
		"key":        {map[string][]string{"privateKey": {"nonsense"}}, "Failed to decode private key"},
	} {
		_, err := component.Component{Type: keycloak.KeyProviderType, Provider: "rsa", Config: c.config}.Key()
		var invalid *fault.Invalid
		if !errors.As(err, &invalid) || invalid.Message != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	before := component.Component{Provider: "hmac-generated", Config: map[string][]string{"secret": {"c2VjcmV0"}, "kid": {"k"}}}
	same, other := before, before
	same.Config = map[string][]string{"secret": {"c2VjcmV0"}, "secretSize": {"64"}}
	other.Config = map[string][]string{"secret": {"c2VjcmV0"}, "secretSize": {"128"}}
	same.Renew(before)
	other.Renew(before)
	if same.Config["secret"] == nil || other.Config["secret"] != nil {
		t.Errorf("renewed: %v, %v", same.Config, other.Config)
	}
}

// TestCatalogue can be read, and knows what a new realm has.
func TestCatalogue(t *testing.T) {
	for _, kind := range []string{keycloak.KeyProviderType, component.TypeUserStorage, component.TypeLDAPMapper} {
		if len(component.Kinds(kind)) == 0 {
			t.Errorf("nothing is of type %s", kind)
		}
	}
	if !component.Known(keycloak.KeyProviderType, "rsa-generated") || component.Known(keycloak.KeyProviderType, "ldap") {
		t.Error("known are others than those that there are")
	}
}
