package action_test

import (
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

func TestRegister(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		e := action.Register{Deps: h.Deps}
		form := func(name, email, first, password, confirm string) []string {
			return []string{"username", name, "email", email, "firstName", first, "lastName", "New", "password", password, "password-confirm", confirm, "emailVerified", "true"}
		}
		tests := []struct {
			name string
			form []string
			want []string
		}{
			{"nothing", nil, []string{"username: missingUsernameMessage", "email: missingEmailMessage", "firstName: error-user-attribute-required",
				"lastName: error-user-attribute-required", "password: missingPasswordMessage"}},
			{"passwords differ", form("nele", "nele@x.test", "N", "sesame", "sesam"), []string{"password-confirm: invalidPasswordConfirmMessage"}},
			{"short", form("nele", "nele@x.test", "N", "abc", "abc"), []string{"password: invalidPasswordMinLengthMessage"}},
			{"taken", form("ANN", "ann@club.test", "N", "sesame", "sesame"), []string{"username: usernameExistsMessage", "email: emailExistsMessage"}},
			{"somebody's address as name", form("ann@club.test", "nele@x.test", "N", "sesame", "sesame"), []string{"username: usernameExistsMessage"}},
			{"odd characters", form("ne le", "nele@x.test", "<script>", "sesame", "sesame"), []string{"username: error-username-invalid-character", "firstName: error-person-name-invalid-character"}},
		}
		for _, tt := range tests {
			got := process(t, e, h.turn(t, "", login.Request{}), tt.form...)
			if diff := cmp.Diff(tt.want, said(got.Page, "username", "email", "firstName", "lastName", "password", "password-confirm")); diff != "" {
				t.Errorf("%s: %s", tt.name, diff)
			}
		}
		turn := h.turn(t, "", login.Request{})
		if got := process(t, e, turn, form("Nele", "Nele@x.test", "N", "sesame", "sesame")...); got.Kind != authorize.Done {
			t.Fatalf("%+v", got)
		}
		if u := turn.User; u == nil || u.Username != "nele" || u.Email != "nele@x.test" || u.EmailVerified || !u.Enabled || len(u.RequiredActions) > 0 {
			t.Errorf("%+v", u)
		}
		if want := []event.Kind{event.Register}; !slices.Equal(h.kinds, want) {
			t.Errorf("events %v", h.kinds)
		}
		if diff := cmp.Diff([]string{"REGISTER invalid_registration", "REGISTER invalid_registration", "REGISTER invalid_registration", "REGISTER email_in_use",
			"REGISTER username_in_use", "REGISTER invalid_registration"}, h.failures); diff != "" {
			t.Error(diff)
		}
	})
}

// A password that is not fit for the user is only known when there is one: it is asked for anew.
func TestRegisterUnfitPassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		turn := h.turn(t, "", login.Request{})
		got := process(t, action.Register{Deps: h.Deps}, turn, "username", "nele", "email", "nele@x.test", "firstName", "N", "lastName", "N",
			"password", "nele@x.test", "password-confirm", "nele@x.test")
		if got.Kind != authorize.Done || !slices.Equal(turn.User.RequiredActions, []string{"UPDATE_PASSWORD"}) {
			t.Errorf("%+v: %+v", got, turn.User)
		}
		if all, err := h.store.Credentials(t.Context(), h.realm.Key, turn.User.ID); err != nil || len(all) > 0 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

func TestVerifyEmail(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, turn := action.VerifyEmail{Deps: h.Deps}, h.turn(t, "ben", login.Request{})
		if due(t, a, h.turn(t, "ann", login.Request{})) || !due(t, a, turn) {
			t.Fatal("due of who has verified, or not of who has not")
		}
		h.post.down = true
		p, err := a.Challenge(t.Context(), turn)
		if failed, ok := p.(page.Error); err != nil || !ok || failed.ID == "" || failed.RetryTo == "" {
			t.Fatalf("%+v, %v", p, err)
		}
		h.post.down = false
		for range 2 { // the page again sends nothing
			if p, err := a.Challenge(t.Context(), turn); err != nil || p.(page.VerifyEmail).Email != "ben@club.test" {
				t.Fatalf("%+v, %v", p, err)
			}
		}
		if len(h.post.sent) != 1 || h.post.sent[0].To != "ben@club.test" || !strings.Contains(h.post.sent[0].Text, "The Club") {
			t.Errorf("%+v", h.post.sent)
		}
		process(t, a, turn)
		if len(h.post.sent) != 2 {
			t.Errorf("the form sent %d letters", len(h.post.sent))
		}
	})
}

// Nobody learns from a forgotten password whether there is such a user.
func TestResetPassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		e := action.ResetPassword{Deps: h.Deps}
		if got := process(t, e, h.turn(t, "", login.Request{}), "username", " "); !slices.Equal(said(got.Page, "username"), []string{"username: missingUsernameMessage"}) {
			t.Errorf("%+v", got)
		}
		unknown := process(t, e, h.turn(t, "", login.Request{}), "username", "nobody")
		known := process(t, e, h.turn(t, "", login.Request{}), "username", "Ann@club.test")
		h.post.down = true
		down := process(t, e, h.turn(t, "", login.Request{}), "username", "ann")
		e.Aside = func(func()) bool { return false }
		full := process(t, e, h.turn(t, "", login.Request{}), "username", "ann")
		for _, got := range []authorize.Result{known, down, full} {
			if diff := cmp.Diff(unknown, got); diff != "" {
				t.Error(diff)
			}
		}
		if len(h.post.sent) != 1 || h.post.sent[0].To != "ann@club.test" {
			t.Errorf("%+v", h.post.sent)
		}
		if want := []event.Kind{event.SendResetPassword}; !slices.Equal(h.kinds, want) {
			t.Errorf("events %v", h.kinds)
		}
		if diff := cmp.Diff([]string{"RESET_PASSWORD username_missing", "RESET_PASSWORD user_not_found", "SEND_RESET_PASSWORD email_send_failed",
			"SEND_RESET_PASSWORD email_send_failed"}, h.failures); diff != "" {
			t.Error(diff)
		}
	})
}
