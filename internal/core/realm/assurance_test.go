package realm_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// TestAssuranceLevel: what is neither a name nor a number asks for nothing, however much it looks like one.
func TestAssuranceLevel(t *testing.T) {
	names := realm.Assurance{"silver": 1, "3": 2}
	for value, want := range map[string]struct {
		level int
		ok    bool
	}{
		"silver": {1, true}, "3": {2, true}, "4": {4, true}, "-1": {-1, true},
		"lead": {0, false}, "": {0, false}, "1.5": {0, false}, "99999999999": {0, false},
	} {
		if level, ok := names.Level(value); level != want.level || ok != want.ok {
			t.Errorf("%q is %d, %v; want %d, %v", value, level, ok, want.level, want.ok)
		}
	}
}
