package info

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/idp"
)

type component struct {
	ID         string
	Properties []struct{ Name, Type string }
}

// TestCatalogueHasEveryMapper keeps the catalogue to what the code has: each kind of mapper with its settings.
func TestCatalogueHasEveryMapper(t *testing.T) {
	types := map[string][]component{}
	if err := json.Unmarshal(readCatalogue().MapperTypes, &types); err != nil {
		t.Fatal(err)
	}
	all := types["openid-connect"]
	for _, kind := range mapper.Kinds {
		i := slices.IndexFunc(all, func(c component) bool { return c.ID == kind.Name })
		if i < 0 {
			t.Errorf("the catalogue lacks %s", kind.Name)
			continue
		}
		for _, field := range kind.Fields {
			if !slices.ContainsFunc(all[i].Properties, func(p struct{ Name, Type string }) bool { return p.Name == field }) {
				t.Errorf("%s lacks setting %s", kind.Name, field)
			}
		}
	}
	for _, c := range all {
		if !slices.ContainsFunc(mapper.Kinds, func(k mapper.Kind) bool { return k.Name == c.ID }) {
			t.Errorf("the catalogue has mapper %s, which there is not", c.ID)
		}
	}
}

// TestBuiltinMappersAreOfKnownKinds: what the console offers to add must be possible.
func TestBuiltinMappersAreOfKnownKinds(t *testing.T) {
	builtin := map[string][]struct{ Name, ProtocolMapper string }{}
	if err := json.Unmarshal(readCatalogue().BuiltinMappers, &builtin); err != nil {
		t.Fatal(err)
	}
	for _, m := range builtin["openid-connect"] {
		if !slices.ContainsFunc(mapper.Kinds, func(k mapper.Kind) bool { return k.Name == m.ProtocolMapper }) {
			t.Errorf("%s is of kind %s, which there is not", m.Name, m.ProtocolMapper)
		}
	}
}

func TestProvidersAreListed(t *testing.T) {
	d := document()
	for name, one := range map[string]string{"authenticator": "auth-cookie", "required-action": "UPDATE_PASSWORD",
		"password-policy": "length", "client-authenticator": "client-secret", "social": "github", "identity_provider": "oidc"} {
		if _, ok := d.Providers[name].Providers[one]; !ok {
			t.Errorf("providers of %s lack %s", name, one)
		}
	}
	for name, list := range map[string][]idpKind{"social": d.Social, "all": d.Identity} {
		for _, k := range list {
			if known, ok := idp.Find(k.ID); !ok || known.Name != k.Name {
				t.Errorf("%s: %s, which is called %q", name, k.ID, known.Name)
			}
		}
	}
}
