package inspect_test

import (
	"slices"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

func TestHolder(t *testing.T) {
	w := managed(t)
	hold := func(change func(c *token.Claims)) (roles, audiences []string) {
		t.Helper()
		h, err := w.inspector().Holder(t.Context(), w.realm(), base, verify.Bearer(w.through("spa", change)))
		if err != nil {
			t.Fatal(err)
		}
		if h.User.ID != "alice-id" || h.Client.ID != "spa" || h.Session != "s2" {
			t.Errorf("%s at %s in %s", h.User.ID, h.Client.ID, h.Session)
		}
		for _, role := range h.Roles.All() {
			roles = append(roles, role.Name)
		}
		return roles, h.Audiences
	}
	if roles, _ := hold(nil); !slices.Contains(roles, "manage-users") {
		t.Errorf("roles %q", roles)
	}
	if _, audiences := hold(func(c *token.Claims) { c.Audience = []string{"orders"} }); !slices.Equal(audiences, []string{"orders"}) {
		t.Errorf("audiences %q, want those of the token", audiences)
	}
	lightweight := func(c *token.Claims) { c.ID = "onltro:1" }
	if _, audiences := hold(lightweight); !slices.Contains(audiences, "realm-management") {
		t.Errorf("audiences of a lightweight token %q, want those that introspection tells", audiences)
	}
	w.change("spa", func(c *realm.Client) { c.FullScope = false })
	if roles, _ := hold(nil); len(roles) != 0 {
		t.Errorf("roles %q of a token that may carry none", roles)
	}
}

func TestHolderIsRefused(t *testing.T) {
	w := managed(t)
	for name, change := range map[string]func(c *token.Claims){
		"bound to a key":   func(c *token.Claims) { c.Confirmation = &token.Confirmation{JKT: "x"} },
		"of another realm": func(c *token.Claims) { c.Issuer = base + "/realms/bank" },
		"an ID token":      func(c *token.Claims) { c.Type = token.TypID },
		"expired":          func(c *token.Claims) { c.Expires = now.Unix() - 1 },
	} {
		if _, err := w.inspector().Holder(t.Context(), w.realm(), base, verify.Bearer(w.through("spa", change))); verify.Why(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
