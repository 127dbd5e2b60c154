package manage_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
)

// TestKeys rotates a key and disables it, and records both without the private key.
func TestKeys(t *testing.T) {
	st, _, _ := shop(t)
	keys := &manage.Keys{Store: st}
	before := len(find(t, st, "shop").Keys())
	for _, alg := range []string{"RS256", "HS512"} {
		made, err := keys.Rotate(t.Context(), author(), "shop", alg)
		if err != nil {
			t.Fatal(err)
		}
		if err := keys.SetEnabled(t.Context(), author(), "shop", made, false); err != nil {
			t.Fatal(err)
		}
		if k := find(t, st, "shop").KeyBy(made); k.Enabled || k.Algorithm != alg || len(k.Private) == 0 || k.Priority <= 100 {
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

	if _, err := keys.Rotate(t.Context(), author(), "shop", "ES256"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("rotated a key that the realm lacks: %v", err)
	}
	if err := keys.SetEnabled(t.Context(), author(), "shop", "none", true); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("enabled a key that the realm lacks: %v", err)
	}
}
