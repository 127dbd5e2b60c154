package user_test

import (
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Recovery codes work in their order, each once; of none is kept what it is.
func TestRecovery(t *testing.T) {
	codes := []string{"ABCDEFGHIJKL", "MNPQRSTUVWXY", "Z12345678999"}
	c := user.NewRecovery("id", "Recovery codes", codes, noon)
	for _, code := range codes {
		if strings.Contains(c.Secret+c.Data, code) {
			t.Errorf("%s is kept: %s", code, c.Secret)
		}
	}
	if want := `{"hashIterations":1,"algorithm":"RS512","totalCodes":3,"remainingCodes":3}`; c.Data != want {
		t.Errorf("data %s", c.Data)
	}
	for _, step := range []struct {
		code   string
		taken  bool
		number int // that is asked for next; 0: none is
		left   int
	}{
		{"", false, 1, 3}, {codes[1], false, 1, 3}, {"abcd-efgh-ijkl", true, 2, 2}, {codes[0], false, 2, 2}, {codes[1], true, 3, 1}, {codes[2], true, 0, 0}, {codes[2], false, 0, 0}, {"", false, 0, 0},
	} {
		if got := c.TakeRecovery(step.code); got != step.taken {
			t.Errorf("%q: taken %v", step.code, got)
		}
		if number, left, ok := c.Recovery(); number != step.number || left != step.left || ok != (left > 0) {
			t.Errorf("after %q: code %d of %d, %v", step.code, number, left, ok)
		}
	}
}

// A row that Keycloak wrote: SHA-512 of the codes, in base64.
func TestRecoveryOfKeycloak(t *testing.T) {
	made := user.NewRecovery("", "", []string{"ABCDEFGHIJKL", "MNPQRSTUVWXY"}, noon)
	kept := user.Credential{Kind: user.KindRecovery, Data: `{"hashIterations":1,"algorithm":"RS512","remaining":2}`, Secret: made.Secret}
	if want := `{"number":1,"encodedHashedValue":"XYt2bTs3zoqmjdNUpQr5yUIBKG15k9QuILt6k8DMmJf9JxSihg7IxNeZEjdsgjTftS6EHv8OuWA3CoTqVzXosw=="}`; !strings.Contains(made.Secret, want) {
		t.Errorf("secret %s", made.Secret)
	}
	if number, left, ok := kept.Recovery(); number != 1 || left != 2 || !ok || !kept.TakeRecovery("ABCDEFGHIJKL") {
		t.Errorf("code %d of %d, %v", number, left, ok)
	}
	for name, c := range map[string]user.Credential{
		"other hash": {Kind: user.KindRecovery, Data: `{"algorithm":"none"}`, Secret: made.Secret}, "other kind": {Kind: user.KindOTP, Data: kept.Data, Secret: made.Secret},
		"used up": {Kind: user.KindRecovery, Data: kept.Data, Secret: `{"codes":[]}`}, "nothing": {Kind: user.KindRecovery},
	} {
		if _, _, ok := c.Recovery(); ok || c.TakeRecovery("MNPQRSTUVWXY") {
			t.Errorf("%s: it is taken", name)
		}
	}
}
