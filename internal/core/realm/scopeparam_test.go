package realm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

func TestScopesOf(t *testing.T) {
	d := realm.New("r", realm.Settings{Name: "shop"})
	for _, name := range []string{"profile", "orders", "other"} {
		d.PutScope(&realm.ClientScope{Key: "key-" + name, Name: name})
	}
	c := &realm.Client{Key: "c", ID: "spa", DefaultScopes: []string{"key-profile"}, OptionalScopes: []string{"key-orders"}}
	tests := map[string]struct {
		parameter string
		want      []string
		ok        bool
	}{
		"default and optional": {"profile orders", []string{"key-profile", "key-orders"}, true},
		"twice":                {"orders orders", []string{"key-orders"}, true},
		"openid":               {"openid", nil, true},
		"of nobody":            {"warehouse", nil, false},
		"of other clients":     {"orders other", nil, false},
		"empty":                {"", nil, false},
		"two blanks":           {"profile  orders", nil, false},
		"blanks at the end":    {"profile  ", []string{"key-profile"}, true},
		"blank at the front":   {" profile", nil, false},
		"only blanks":          {"  ", nil, true},
		"other case":           {"Profile", nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, ok := d.Realm().ScopesOf(c, tt.parameter)
			if diff := cmp.Diff(tt.want, got); diff != "" || ok != tt.ok {
				t.Errorf("ok %v, want %v; %s", ok, tt.ok, diff)
			}
		})
	}
}
