package user_test

import (
	"errors"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

func TestLabel(t *testing.T) {
	for _, c := range []struct {
		label   string
		unfit   bool
		taken   bool
		becomes string
	}{
		{"Phone", false, false, "Phone"},
		{"old", false, false, "old"},
		{"Tablet", false, true, "old"},
		{" tABLET\t", false, true, "old"},
		{"key", false, false, "key"}, // of another kind
		{" \t", true, false, "old"},
	} {
		a := user.Account{Credentials: []user.Credential{
			{Kind: user.KindOTP, Label: "tablet"}, {Kind: user.KindOTP, Label: "old"}, {Kind: user.KindPassword, Label: "key"}}}
		err := a.Label(1, c.label)
		if _, unfit := errors.AsType[*user.Unfit](err); unfit != c.unfit || errors.Is(err, fault.ErrConflict) != c.taken || err != nil && !c.unfit && !c.taken {
			t.Errorf("%q: got %v", c.label, err)
		}
		if got := a.Credentials[1].Label; got != c.becomes {
			t.Errorf("%q became %q, want %q", c.label, got, c.becomes)
		}
	}
}
