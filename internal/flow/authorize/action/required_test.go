package action_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize/action"
)

func TestUpdatePassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, turn := action.UpdatePassword{Deps: h.Deps}, h.turn(t, "ben", login.Request{})
		turn.Attempt.Session = "mine"
		if !due(t, a, turn) {
			t.Fatal("not due")
		}
		refused := []struct {
			name, password, confirm string
			want                    []string
		}{
			{"none", "", "", []string{"password-new: missingPasswordMessage"}},
			{"different", "long enough", "longer", []string{"password-confirm: notMatchPasswordMessage"}},
			{"too short", "abc", "abc", []string{"invalidPasswordMinLengthMessage"}},
			{"the address", "ben@club.test", "ben@club.test", []string{"invalidPasswordNotEmailMessage"}},
		}
		for _, tt := range refused {
			result := process(t, a, turn, "password-new", tt.password, "password-confirm", tt.confirm)
			if got := said(result.Page, "password-new", "password-confirm"); result.Kind != authorize.Again || !slices.Equal(got, tt.want) {
				t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
			}
		}
		if got := process(t, a, turn, "password-new", "", "cancel-aia", "true"); got.Kind != authorize.Again {
			t.Error("what an administrator asks for was cancelled")
		}
		if got := process(t, a, turn, "password-new", "sesame", "password-confirm", "sesame", "logout-sessions", "on"); got.Kind != authorize.Done {
			t.Fatalf("%+v", got)
		}
		if due(t, a, turn) {
			t.Error("due again")
		}
		all, err := h.store.Credentials(t.Context(), h.realm.Key, "ben")
		if err != nil || len(all) != 1 || string(all[0].Hash) != "sesame" {
			t.Errorf("%+v, %v", all, err)
		}
		if want := []string{"ben but mine"}; !slices.Equal(h.ended, want) {
			t.Errorf("sessions ended: %v, want %v", h.ended, want)
		}
		if want := []event.Kind{event.UpdatePassword, event.UpdateCredential}; !slices.Equal(h.kinds, want) || !slices.Equal(h.subjects, []string{"ben", "ben"}) {
			t.Errorf("events %v of %v, want %v", h.kinds, h.subjects, want)
		}
		var failures []string
		for _, failure := range []string{"password_missing", "password_confirm_error", "password_rejected", "password_rejected", "password_missing"} {
			failures = append(failures, "UPDATE_PASSWORD "+failure, "UPDATE_CREDENTIAL "+failure)
		}
		if diff := cmp.Diff(failures, h.failures); diff != "" {
			t.Error(diff)
		}
	})
}

func TestInitiatedAction(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		turn := h.turn(t, "ann", login.Request{Action: "UPDATE_PASSWORD"})
		a := action.UpdatePassword{Deps: h.Deps}
		p, err := a.Challenge(t.Context(), turn)
		if err != nil || !p.(page.UpdatePassword).Cancel || len(said(p)) > 0 {
			t.Errorf("%+v, %v", p, err)
		}
		if got := process(t, a, turn, "cancel-aia", "true"); got.Kind != authorize.Cancelled {
			t.Errorf("%+v", got)
		}
		if got := process(t, action.UpdateProfile{Deps: h.Deps}, turn, "cancel-aia", "true"); got.Kind == authorize.Cancelled {
			t.Error("an action was cancelled that the application did not start")
		}
	})
}

func TestTerms(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, turn := action.Terms{Deps: h.Deps}, h.turn(t, "ben", login.Request{})
		if got := process(t, a, turn); got.Kind != authorize.Again {
			t.Errorf("without a button: %+v", got)
		}
		got := process(t, a, turn, "cancel", "Decline", "accept", "Accept")
		if got.Kind != authorize.Refused || got.Refusal.Description != "termsAndConditionsDeclined" || !due(t, a, turn) {
			t.Errorf("declined: %+v", got)
		}
		if got := process(t, a, turn, "accept", "Accept"); got.Kind != authorize.Done || due(t, a, turn) {
			t.Errorf("accepted: %+v", got)
		}
		if got := turn.User.Attributes["terms_and_conditions"]; !slices.Equal(got, []string{"1772366400"}) {
			t.Errorf("accepted at %v", got)
		}
	})
}

func TestProfile(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, turn := action.VerifyProfile{Deps: h.Deps}, h.turn(t, "cat", login.Request{})
		if !due(t, a, turn) {
			t.Fatal("not due")
		}
		tests := []struct {
			name  string
			form  []string
			wrong []string
		}{
			{"nothing, but for the name that was there", nil, []string{"email: missingEmailMessage", "email: error-user-attribute-required", "lastName: error-user-attribute-required"}},
			{"bad values", []string{"email", "nonsense", "firstName", "C", "lastName", "<b>"}, []string{"email: error-invalid-email", "lastName: error-person-name-invalid-character"}},
			{"somebody's address", []string{"email", "ANN@club.test", "firstName", "C", "lastName", "D"}, []string{"email: emailExistsMessage"}},
			{"somebody's name as address", []string{"email", "Ben@Club.test", "firstName", "C", "lastName", "D"}, []string{"email: emailExistsMessage"}},
		}
		for _, tt := range tests {
			got := process(t, a, turn, tt.form...)
			if diff := cmp.Diff(tt.wrong, said(got.Page, "email", "firstName", "lastName")); got.Kind != authorize.Again || diff != "" {
				t.Errorf("%s: %s", tt.name, diff)
			}
		}
		form := []string{"email", "cat@club.test", "firstName", "Cat", "lastName", "Cole", "username", "boss", "roles", "admin", "emailVerified", "true"}
		if got := process(t, a, turn, form...); got.Kind != authorize.Done || due(t, a, turn) {
			t.Fatalf("%+v", got)
		}
		if u := turn.User; u.Username != "cat" || u.Email != "cat@club.test" || u.EmailVerified || u.LastName != "Cole" || len(u.Attributes) > 0 {
			t.Errorf("%+v", u)
		}
	})
}

// A verified address that changes is not verified any more.
func TestProfileUnverifies(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, turn := action.UpdateProfile{Deps: h.Deps}, h.turn(t, "ann", login.Request{})
		for _, tt := range []struct {
			email    string
			verified bool
		}{{"ann@club.test", true}, {"ann@new.test", false}} {
			if got := process(t, a, turn, "email", tt.email, "firstName", "Ann", "lastName", "Ames"); got.Kind != authorize.Done || turn.User.EmailVerified != tt.verified {
				t.Errorf("%s: %+v, verified %t", tt.email, got, turn.User.EmailVerified)
			}
		}
	})
}

func TestDeleteAccount(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := action.DeleteAccount{Deps: h.Deps}
		ann := h.turn(t, "ann", login.Request{Action: "delete_account"})
		if got := process(t, a, ann); said(got.Page)[0] != "page.Error" {
			t.Errorf("without the role: %+v", got)
		}
		ben := h.turn(t, "ben", login.Request{Action: "delete_account"})
		if got := process(t, a, ben, "cancel-aia", "true"); got.Kind != authorize.Cancelled {
			t.Errorf("cancelled: %+v", got)
		}
		if got := process(t, a, ben); said(got.Page)[0] != "page.Info" {
			t.Errorf("%+v", got)
		}
		if _, err := h.store.User(t.Context(), h.realm.Key, "ben"); err == nil {
			t.Error("the user is still there")
		}
		if _, err := h.store.User(t.Context(), h.realm.Key, "ann"); err != nil {
			t.Error(err)
		}
	})
}

func TestConfigureTOTP(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, turn := action.ConfigureTOTP{Deps: h.Deps}, h.turn(t, "ben", login.Request{})
		p, err := a.Challenge(t.Context(), turn)
		if err != nil {
			t.Fatal(err)
		}
		if shown := p.(page.ConfigTOTP); shown.Manual || shown.QRCode == "" || !strings.HasSuffix(shown.ModeURL, "&execution=CONFIGURE_TOTP&mode=manual") {
			t.Errorf("%+v", shown)
		}
		turn.Query = url.Values{"mode": {"manual"}}
		if p, err = a.Challenge(t.Context(), turn); err != nil || !p.(page.ConfigTOTP).Manual {
			t.Errorf("%+v, %v", p, err)
		}
		secret := p.(page.ConfigTOTP).Secret
		right := codeOf(secret, 0)
		for _, tt := range []struct{ name, code, secret, want string }{
			{"no code", "", secret, "totp: missingTotpMessage"},
			{"wrong code", "000000", secret, "totp: invalidTotpMessage"},
			{"a secret of one's own", codeOf("AnotherSecretOfMine1", 0), "AnotherSecretOfMine1", "totp: invalidTotpMessage"},
		} {
			got := process(t, a, turn, "totp", tt.code, "totpSecret", tt.secret, "userLabel", "phone")
			if texts := said(got.Page, "totp"); got.Kind != authorize.Again || !slices.Equal(texts, []string{tt.want}) {
				t.Errorf("%s: %v", tt.name, texts)
			}
		}
		if got := process(t, a, turn, "totp", right, "totpSecret", secret, "userLabel", "phone"); got.Kind != authorize.Done || due(t, a, turn) {
			t.Fatalf("%+v", got)
		}

		otp := action.OTP{Deps: h.Deps}
		if !due(t, otp, turn) {
			t.Fatal("no code is asked for")
		}
		if got := process(t, otp, turn, "otp", right); got.Kind != authorize.Again {
			t.Error("the code of the set-up was taken again")
		}
		next := codeOf(secret, 1)
		if got := process(t, otp, turn, "otp", next); got.Kind != authorize.Done {
			t.Errorf("%+v", got)
		}
		if got := process(t, otp, h.turn(t, "ben", login.Request{}), "otp", next); got.Kind != authorize.Again {
			t.Error("a code was taken twice")
		}
	})
}
