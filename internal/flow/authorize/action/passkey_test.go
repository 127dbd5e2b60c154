package action_test

import (
	"net/url"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize/action"
	"github.com/tokenhouse/tokenhouse/internal/flow/passkey/passkeytest"
)

// asks is the challenge of an action's page.
func asks(t *testing.T, a interface {
	authorize.Action
}, turn *authorize.Turn) string {
	t.Helper()
	p, err := a.Challenge(t.Context(), turn)
	if err != nil {
		t.Fatal(err)
	}
	switch p := p.(type) {
	case page.RegisterPasskey:
		return p.Challenge
	case page.LoginPasskey:
		return p.Passkey.Challenge
	}
	t.Fatalf("the page is %T", p)
	return ""
}

func send(t *testing.T, a authorize.Action, turn *authorize.Turn, form url.Values) authorize.Result {
	t.Helper()
	result, err := a.Process(t.Context(), turn, form)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// keyOf registers a passkey for a user.
func (h *house) keyOf(t *testing.T, id string, alone bool) *passkeytest.Authenticator {
	t.Helper()
	made := passkeytest.New("https://id.test", "id.test")
	a, turn := action.RegisterPasskey{Deps: h.Deps, Alone: alone}, h.turn(t, id, login.Request{})
	if got := send(t, a, turn, made.Make(asks(t, a, turn))); got.Kind != authorize.Done {
		t.Fatalf("the passkey was not taken: %+v", got.Page)
	}
	return made
}

func (h *house) credentials(t *testing.T, id string) []user.Credential {
	t.Helper()
	all, err := h.store.Credentials(t.Context(), h.realm.Key, id)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestRegisterPasskey(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		made := h.keyOf(t, "cat", false)
		kept := h.credentials(t, "cat")
		if len(kept) != 1 || kept[0].Kind != user.KindPasskey || kept[0].Label != "Key ring" || kept[0].Secret != "{}" {
			t.Fatalf("%+v", kept)
		}
		a, turn := action.RegisterPasskey{Deps: h.Deps}, h.turn(t, "cat", login.Request{})
		form := made.Make(asks(t, a, turn))
		if got := send(t, a, turn, form); got.Kind != authorize.Again {
			t.Error("the same passkey was taken twice")
		}
		if got := send(t, a, turn, form); got.Kind != authorize.Again {
			t.Error("a challenge was taken twice")
		}
		other := passkeytest.New("https://evil.test", "id.test")
		if got := send(t, a, turn, other.Make(asks(t, a, turn))); got.Kind != authorize.Again {
			t.Error("a passkey of another site was taken")
		}
		if got := send(t, a, turn, url.Values{"error": {"the user went away"}}); got.Kind != authorize.Again {
			t.Error("an error was taken")
		}
		if got := send(t, a, turn, url.Values{"cancel-aia": {"true"}}); got.Kind != authorize.Again {
			t.Error("who has to may not leave")
		}
		asked := h.turn(t, "cat", login.Request{Action: a.Alias()})
		if got := send(t, a, asked, url.Values{"cancel-aia": {"true"}}); got.Kind != authorize.Cancelled {
			t.Errorf("%+v", got)
		}
		if kept := h.credentials(t, "cat"); len(kept) != 1 {
			t.Errorf("%d credentials", len(kept))
		}
	})
}

func TestPasskeyAsSecondFactor(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		made, strange := h.keyOf(t, "cat", false), h.keyOf(t, "ben", false)
		a := action.Passkey{Deps: h.Deps}
		if due(t, a, h.turn(t, "ann", login.Request{})) || !due(t, a, h.turn(t, "cat", login.Request{})) {
			t.Error("it is due for those who have one")
		}
		turn := h.turn(t, "cat", login.Request{})
		challenge := asks(t, a, turn)
		form := made.Sign(challenge, "cat")
		if got := send(t, a, turn, form); got.Kind != authorize.Done {
			t.Fatalf("%+v", got.Page)
		}
		for name, form := range map[string]func(challenge string) url.Values{
			"replayed":         func(string) url.Values { return form },
			"old challenge":    func(string) url.Values { c := *made; return c.Sign(challenge, "cat") },
			"somebody else's":  func(now string) url.Values { return strange.Sign(now, "") },
			"in another name":  func(now string) url.Values { c := *made; return c.Sign(now, "ben") },
			"nothing":          func(string) url.Values { return url.Values{} },
			"other challenge":  func(string) url.Values { c := *made; return c.Sign("YW5vdGhlcg", "cat") },
			"of another site":  func(now string) url.Values { c := *made; c.Origin = "https://evil.test"; return c.Sign(now, "cat") },
			"cloned":           func(now string) url.Values { c := *made; c.Count = 1; return c.Sign(now, "cat") },
			"same count again": func(now string) url.Values { c := *made; c.Count--; return c.Sign(now, "cat") },
		} {
			if got := send(t, a, turn, form(asks(t, a, turn))); got.Kind != authorize.Again {
				t.Errorf("%s: taken", name)
			}
		}
		now := asks(t, a, turn)
		if got := send(t, a, turn, made.Sign(now, "")); got.Kind != authorize.Done {
			t.Errorf("after all that: %+v", got.Page)
		}
		if got := send(t, a, turn, made.Sign(now, "")); got.Kind != authorize.Again {
			t.Error("a challenge was taken twice")
		}
	})
}

// A passkey alone says who signs in. It must be one that was made for that, and have verified its user.
func TestPasskeyAlone(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		made, beside := h.keyOf(t, "cat", true), h.keyOf(t, "ben", false)
		a := action.Passkey{Deps: h.Deps, Alone: true}
		owner := func(form func(challenge string) url.Values) string {
			turn := h.turn(t, "", login.Request{})
			offer, err := a.Offer(t.Context(), turn)
			if err != nil {
				t.Fatal(err)
			}
			if offer.UserVerification != "required" || len(offer.Credentials) > 0 {
				t.Errorf("%+v", offer)
			}
			u, wrong, err := a.Owner(t.Context(), turn, form(offer.Challenge))
			if err != nil {
				t.Fatal(err)
			}
			if wrong.Key != "" {
				return wrong.Key
			}
			return u.ID
		}
		for name, tt := range map[string]struct {
			form func(challenge string) url.Values
			want string
		}{
			"owner":           {func(c string) url.Values { return made.Sign(c, "cat") }, "cat"},
			"in another name": {func(c string) url.Values { return made.Sign(c, "ben") }, "webauthn-error-user-not-found"},
			"of nobody":       {func(c string) url.Values { return made.Sign(c, "nobody") }, "webauthn-error-user-not-found"},
			"no name":         {func(c string) url.Values { return made.Sign(c, "") }, "webauthn-error-user-not-found"},
			"second factor":   {func(c string) url.Values { return beside.Sign(c, "ben") }, "webauthn-error-user-not-found"},
			"not verified":    {func(c string) url.Values { b := *made; b.Verified = false; return b.Sign(c, "cat") }, "webauthn-error-auth-verification"},
			"old challenge":   {func(string) url.Values { return made.Sign("YW5vdGhlcg", "cat") }, "webauthn-error-auth-verification"},
			"gave up":         {func(string) url.Values { return url.Values{"error": {"no key"}} }, "webauthn-error-api-get"},
		} {
			if got := owner(tt.form); got != tt.want {
				t.Errorf("%s: %s", name, got)
			}
		}
	})
}

func TestRecoveryCodes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, turn := action.ConfigureRecovery{Deps: h.Deps}, h.turn(t, "cat", login.Request{})
		shown, err := a.Challenge(t.Context(), turn)
		if err != nil {
			t.Fatal(err)
		}
		p := shown.(page.RecoveryCodes)
		form := url.Values{"generatedRecoveryAuthnCodes": {p.Joined()}, "generatedAt": {p.GeneratedAt}, "userLabel": {"Recovery codes"}}
		planted := url.Values{"generatedRecoveryAuthnCodes": {"AAAAAAAAAAAA"}, "generatedAt": {p.GeneratedAt}}
		if got := send(t, action.ConfigureRecovery{Deps: h.Deps}, h.turn(t, "cat", login.Request{}), form); got.Kind != authorize.Again {
			t.Error("codes of another page were taken")
		}
		if got := send(t, a, turn, form); got.Kind != authorize.Done || len(p.Codes) != user.RecoveryCodes {
			t.Fatalf("%+v", got)
		}
		if got := send(t, a, turn, form); got.Kind != authorize.Again {
			t.Error("codes were taken twice")
		}
		if got := send(t, a, turn, planted); got.Kind != authorize.Again {
			t.Error("codes were planted")
		}
		asked, turn := action.Recovery{Deps: h.Deps}, h.turn(t, "cat", login.Request{})
		for i, code := range p.Codes {
			if !due(t, asked, turn) {
				t.Fatalf("code %d is not asked for", i+1)
			}
			if i == 1 {
				if got := process(t, asked, turn, "recoveryCodeInput", p.Codes[0]); got.Kind != authorize.Again {
					t.Error("a code was taken twice")
				}
			}
			if got := process(t, asked, turn, "recoveryCodeInput", code); got.Kind != authorize.Done {
				t.Fatalf("code %d: %+v", i+1, got.Page)
			}
		}
		if due(t, asked, turn) || !due(t, a, turn) || len(h.credentials(t, "cat")) > 0 {
			t.Error("after the last code others are to be made")
		}
	})
}

// Wrong recovery codes lock as wrong passwords do, and the right one is not taken then.
func TestGuessedRecoveryCodes(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		code := "ABCDEFGHIJKL"
		err := h.store.EditUser(t.Context(), h.realm.Key, "ann", func(a *user.Account) ([]event.Admin, error) {
			a.Credentials = append(a.Credentials, user.NewRecovery("rc", "", []string{code, "MNPQRSTUVWXY"}, noon))
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		a, turn := action.Recovery{Deps: h.Deps}, h.turn(t, "ann", login.Request{})
		if p, err := a.Challenge(t.Context(), turn); err != nil || p.(page.LoginRecovery).Notice.Text.Key != "recovery-codes-few" {
			t.Errorf("%+v, %v: two codes are few", p, err)
		}
		for range 3 {
			process(t, a, turn, "recoveryCodeInput", "nonsense")
		}
		if got := process(t, a, turn, "recoveryCodeInput", code); got.Kind != authorize.Again {
			t.Error("a code was taken of who is locked")
		}
	})
}

// Codes by counter are set up where the realm wants them, and work once.
func TestCodesByCounter(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		codes := []string{"755224", "287082", "359152", "969429"} // RFC 4226 appendix D
		err := h.store.EditUser(t.Context(), h.realm.Key, "ann", func(a *user.Account) ([]event.Admin, error) {
			a.Credentials = append(a.Credentials, user.NewOTP(user.OTPPolicy{Type: "hotp"}.OrDefault(), "key", "12345678901234567890", "", noon))
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		a, turn := action.OTP{Deps: h.Deps}, h.turn(t, "ann", login.Request{})
		for i, want := range []authorize.ResultKind{authorize.Done, authorize.Again} {
			if got := process(t, a, turn, "otp", codes[0]); got.Kind != want {
				t.Errorf("time %d: %+v", i+1, got)
			}
		}
		if got := process(t, a, turn, "otp", codes[1]); got.Kind != authorize.Done {
			t.Errorf("%+v", got.Page)
		}
	})
}
