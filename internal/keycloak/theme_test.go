package keycloak_test

import (
	"errors"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// TestLooksAreNoCode: values that could be more than a colour or an address of an image are refused where they are
// written; where a file brought them they are reported, and no page has them.
func TestLooksAreNoCode(t *testing.T) {
	for _, tt := range []struct {
		setting, value string
		good           bool
	}{
		{"accent", "#0b57d0", true},
		{"accent-dark", "#A8C7FA", true},
		{"background", "#ffffff", true},
		{"background-dark", "#000000", true},
		{"logo", "https://cdn.example:8443/logo.svg?v=2", true},
		{"logo", "data:image/png;base64,iVBORw0KGgo=", true},
		{"accent", "", true},
		{"accent", "red", false},
		{"accent", "#0b57d", false},
		{"accent", "#0b57d0; } body { display: none", false},
		{"background", "#0b57d0\n", false},
		{"background-dark", "url(https://evil.example/)", false},
		{"logo", "http://cdn.example/logo.png", false},
		{"logo", "//cdn.example/logo.png", false},
		{"logo", "javascript:alert(1)", false},
		{"logo", "data:text/html;base64,PHNjcmlwdD4=", false},
		{"logo", "data:image/svg+xml,<svg onload=alert(1)>", false},
		{"logo", "https://user@cdn.example/logo.png", false},
		{"logo", "https://cdn.example;script-src%20*/logo.png", false},
		{"logo", `https://cdn.example/"onerror="alert(1)`, false},
		{"font", "Comic Sans", false},
	} {
		put := keycloak.Object{}
		put.Put("attributes", map[string]string{"tokenhouse.theme." + tt.setting: tt.value})
		_, err := keycloak.MergeSettings(&realm.Realm{}, put)
		invalid, refused := errors.AsType[*fault.Invalid](err)
		if refused == tt.good || refused && invalid.Field != "attributes.tokenhouse.theme."+tt.setting {
			t.Errorf("%s=%q: %v", tt.setting, tt.value, err)
		}
		s, notes := keycloak.ToSettings(put)
		look := keycloak.KeptLook(s.Extra)
		shown := look.Accent + look.AccentDark + look.Background + look.BackgroundDark + look.Logo
		if want := map[bool]string{true: tt.value}[tt.good]; shown != want || (len(notes) > 0) == tt.good {
			t.Errorf("%s=%q in a file: pages have %q, notes %v", tt.setting, tt.value, shown, notes)
		}
	}
}
