package manage_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/component"
)

// TestKeys lets a new key sign and disables it, and records both without the private key.
func TestKeys(t *testing.T) {
	st, _, _ := shop(t)
	components := &manage.Components{Store: st}
	before := len(find(t, st, "shop").Keys())
	off := keycloak.Object{"config": json.RawMessage(`{"enabled":["false"]}`)}
	for alg, kind := range map[string]string{"RS256": "rsa-generated", "HS512": "hmac-generated"} {
		body := keycloak.Object{"config": json.RawMessage(`{"priority":["110"],"algorithm":["` + alg + `"]}`)}
		body.Put("providerId", kind)
		body.Put("providerType", keycloak.KeyProviderType)
		made, err := components.Create(t.Context(), author(), "shop", body)
		if err != nil {
			t.Fatal(err)
		}
		if err := components.Update(t.Context(), author(), "shop", made, off); err != nil {
			t.Fatal(err)
		}
		if k := find(t, st, "shop").KeyBy(made); k.Enabled || k.Algorithm != alg || len(k.Private) == 0 || k.Priority != 110 {
			t.Errorf("key for %s: enabled %v, priority %d, %d private bytes", alg, k.Enabled, k.Priority, len(k.Private))
		}
	}
	if n := len(find(t, st, "shop").Keys()); n != before+2 {
		t.Errorf("%d keys, want %d", n, before+2)
	}
	events := recorded(t, st)
	if len(events) != 4 {
		t.Fatalf("%d admin events, want 4", len(events))
	}
	for _, e := range events {
		if e.ResourceType != "COMPONENT" || e.Actor != actor || !strings.Contains(e.Representation, `"priority":["110"]`) ||
			strings.Contains(e.Representation, "privateKey") || strings.Contains(e.Representation, "secret") {
			t.Errorf("admin event %s %s by %+v: %s", e.Operation, e.ResourceType, e.Actor, e.Representation)
		}
	}
	if err := components.Update(t.Context(), author(), "shop", "none", off); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("changed a key that the realm lacks: %v", err)
	}
}

// TestDirectorySecret keeps a masked password for its own directory, and for no other.
func TestDirectorySecret(t *testing.T) {
	st, _, _ := shop(t)
	components := &manage.Components{Store: st}
	update := func(id, config string) error {
		return components.Update(t.Context(), author(), "shop", id, keycloak.Object{"config": json.RawMessage(config)})
	}
	id, err := components.Create(t.Context(), author(), "shop", keycloak.Object{"name": json.RawMessage(`"directory"`), "providerId": json.RawMessage(`"ldap"`),
		"providerType": json.RawMessage(`"org.keycloak.storage.UserStorageProvider"`),
		"config":       json.RawMessage(`{"connectionUrl": ["ldaps://directory"], "bindCredential": ["hush"]}`)})
	if err != nil {
		t.Fatal(err)
	}
	var invalid *fault.Invalid
	if err := update(id, `{"connectionUrl": ["ldaps://evil.example"], "bindCredential": ["**********"]}`); !errors.As(err, &invalid) || invalid.Field != "config.bindCredential" {
		t.Errorf("another address: %v", err)
	}
	kept := func() string {
		r := find(t, st, "shop")
		extra, err := st.Extra(t.Context(), r.Key, realm.KindRealm, r.Key)
		if err != nil {
			t.Fatal(err)
		}
		return component.Find(component.Read(r.ID(), extra), id).Config["connectionUrl"][0]
	}
	if kept() != "ldaps://directory" {
		t.Error("the address changed all the same")
	}
	if err := update(id, `{"connectionUrl": ["ldaps://other"], "bindCredential": ["hush"]}`); err != nil || kept() != "ldaps://other" {
		t.Errorf("another address, with the password: %v", err)
	}
}
