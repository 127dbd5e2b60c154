package manage_test

import (
	"errors"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
)

// TestProviderKeepsItsSecret keeps a secret that comes back as a mask, unless it would be sent elsewhere.
func TestProviderKeepsItsSecret(t *testing.T) {
	_, st, by := installation(t)
	providers := &manage.Providers{Store: st}
	const head = `{"alias": "upstream", "providerId": "oidc", "config": {"clientId": "shop"`
	if err := providers.Create(t.Context(), by, "shop", parsed(t, head+`, "tokenUrl": "https://up.example/token", "clientSecret": "hush"}}`)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, config string
		refused      bool
		secret       string // afterwards
	}{
		{"the same address", `"tokenUrl": "https://up.example/token", "clientSecret": "**********", "guiOrder": "1"}}`, false, "hush"},
		{"another address", `"tokenUrl": "https://evil.example/token", "clientSecret": "**********"}}`, true, "hush"},
		{"no address", `"clientSecret": "**********"}}`, true, "hush"},
		{"an issuer more", `"tokenUrl": "https://up.example/token", "issuer": "https://evil.example", "clientSecret": "**********"}}`, true, "hush"},
		{"keys of another", `"tokenUrl": "https://up.example/token", "jwksUrl": "https://evil.example/keys", "clientSecret": "**********"}}`, true, "hush"},
		{"another address and a secret", `"tokenUrl": "https://new.example/token", "clientSecret": "new"}}`, false, "new"},
		{"another address and no secret", `"tokenUrl": "https://up.example/token"}}`, false, ""},
		{"a mask for no secret", `"tokenUrl": "https://new.example/token", "clientSecret": "**********"}}`, false, ""},
	} {
		err := providers.Update(t.Context(), by, "shop", "upstream", parsed(t, head+", "+c.config))
		invalid, ok := errors.AsType[*fault.Invalid](err)
		if ok != c.refused || ok && invalid.Field != "config.clientSecret" || !ok && err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if got := find(t, st, "shop").Provider("upstream").ClientSecret; got != c.secret {
			t.Errorf("%s: the secret is %q, want %q", c.name, got, c.secret)
		}
	}
}
