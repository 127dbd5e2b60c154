package action_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize/action"
)

func TestConsent(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := action.Consent{Deps: h.Deps}
		show := func(turn *authorize.Turn) (code string, items []string) {
			p, err := a.Challenge(t.Context(), turn)
			if err != nil {
				t.Fatal(err)
			}
			c := p.(page.Consent)
			for _, s := range c.Scopes {
				items = append(items, s.Key)
			}
			if c.Client != "App" || c.Terms != "https://app.test/tos" || c.Policy != "" {
				t.Errorf("%+v", c)
			}
			return c.Code, items
		}
		turn := h.turn(t, "ann", login.Request{Scope: "openid phone"})
		if !due(t, a, turn) {
			t.Fatal("not due")
		}
		code, items := show(turn)
		if diff := cmp.Diff([]string{"${profileScopeConsentText}", "phone"}, items); diff != "" {
			t.Error(diff)
		}
		if got := process(t, a, turn, "code", code, "accept", "Yes", "cancel", "No"); got.Kind != authorize.Refused || !due(t, a, turn) {
			t.Errorf("both buttons: %+v", got)
		}
		if got := process(t, a, turn, "code", code, "accept", "Yes"); got.Kind != authorize.Done || due(t, a, turn) {
			t.Errorf("%+v", got)
		}
		if due(t, a, h.turn(t, "ann", login.Request{Scope: "phone"})) {
			t.Error("asked for what was allowed before")
		}
		anew := h.turn(t, "ann", login.Request{Prompt: []string{login.PromptConsent}})
		if _, items := show(anew); !due(t, a, anew) || len(items) != 1 {
			t.Errorf("prompt=consent lists %v", items)
		}
	})
}

// What was allowed stays allowed when more is.
func TestConsentAdds(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := action.Consent{Deps: h.Deps}
		for _, scope := range []string{"", "phone"} {
			turn := h.turn(t, "ann", login.Request{Scope: scope})
			p, err := a.Challenge(t.Context(), turn)
			if err != nil || len(p.(page.Consent).Scopes) != 1 {
				t.Fatalf("%+v, %v", p, err)
			}
			if got := process(t, a, turn, "code", p.(page.Consent).Code); got.Kind != authorize.Done {
				t.Fatalf("%+v", got)
			}
		}
		if got := h.turn(t, "ann", login.Request{}).User.Consents; len(got) != 1 || len(got[0].Scopes) != 2 {
			t.Errorf("%+v", got)
		}
	})
}
