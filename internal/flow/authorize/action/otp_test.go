package action_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"fmt"
	"slices"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize/action"
)

// codeOf is the code that a generator shows some steps of 30 seconds after noon (RFC 6238).
func codeOf(secret string, steps int64) string {
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(noon.Unix()/30+steps)))
	sum := mac.Sum(nil)
	offset := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[offset:])&0x7fffffff%1_000_000)
}

// Each of several generators has its own codes; the form names which.
func TestSeveralGenerators(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		err := h.store.EditUser(t.Context(), h.realm.Key, "ann", func(a *user.Account) ([]event.Admin, error) {
			for _, id := range []string{"phone", "tablet"} {
				a.Credentials = append(a.Credentials, user.NewOTP(user.OTPPolicy{}.OrDefault(), id, "SecretOf"+id, id, noon))
			}
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		a, turn := action.OTP{Deps: h.Deps}, h.turn(t, "ann", login.Request{})
		code := codeOf("SecretOftablet", 0)
		if got := process(t, a, turn, "otp", code, "selectedCredentialId", "phone"); got.Kind != authorize.Again {
			t.Error("a code of another generator was taken")
		}
		got := process(t, a, turn, "otp", "", "selectedCredentialId", "tablet")
		p, ok := got.Page.(page.LoginOTP)
		if !ok || p.Selected != "tablet" || len(p.Devices) != 2 || !slices.Equal(said(p, "otp"), []string{"otp: invalidTotpMessage"}) {
			t.Errorf("%+v", got.Page)
		}
		if got := process(t, a, turn, "otp", code, "selectedCredentialId", "tablet"); got.Kind != authorize.Done {
			t.Errorf("%+v", got)
		}
	})
}

// Guessing codes locks the user as guessing passwords does, and no code is taken then.
func TestGuessedCodes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		err := h.store.EditUser(t.Context(), h.realm.Key, "ann", func(a *user.Account) ([]event.Admin, error) {
			a.Credentials = append(a.Credentials, user.NewOTP(user.OTPPolicy{}.OrDefault(), "phone", "SecretOfphone", "", noon))
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		a, turn := action.OTP{Deps: h.Deps}, h.turn(t, "ann", login.Request{})
		for range 3 {
			process(t, a, turn, "otp", "nonsense")
		}
		if got := process(t, a, turn, "otp", codeOf("SecretOfphone", 0)); got.Kind != authorize.Again || !slices.Equal(said(got.Page, "otp"), []string{"otp: invalidTotpMessage"}) {
			t.Errorf("%+v", got)
		}
		if !slices.Contains(h.kinds, event.LockedForTime) {
			t.Errorf("events %v", h.kinds)
		}
	})
}
