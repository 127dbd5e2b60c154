package realm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// TestKeys adds and takes keys, each once, and leaves the list as it was.
func TestKeys(t *testing.T) {
	list := make([]string, 2, 4)
	list[0], list[1] = "a", "b"
	for name, c := range map[string]struct{ got, want []string }{
		"more":            {realm.WithKeys(list, []string{"b", "c", "c"}), []string{"a", "b", "c"}},
		"more of nothing": {realm.WithKeys(nil, []string{"c"}), []string{"c"}},
		"fewer":           {realm.WithoutKeys(list, []string{"a", "c"}), []string{"b"}},
	} {
		if d := cmp.Diff(c.want, c.got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if d := cmp.Diff([]string{"a", "b", "", ""}, list[:4]); d != "" {
		t.Errorf("the list changed: %s", d)
	}
}
