package revoke_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/revoke"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

func TestLogout(t *testing.T) {
	w := newWorld(t)
	q := revoke.LogoutRequest{Call: by("first"), RefreshToken: w.sign(token.TypRefresh, "first", "s1")}
	if err := w.revoker().Logout(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if got := w.parts("s1", false); got != nil {
		t.Errorf("left in the session: %v", got)
	}
	if got := w.parts("s2", false); len(got) != 1 {
		t.Errorf("in another session: %v", got)
	}
	if ev := w.last(); ev.Kind != event.Logout || ev.Client != "first" || ev.UserID != "alice-id" || ev.Session != "s1" || ev.Error != "" {
		t.Errorf("event %+v", ev)
	}
	if err := w.revoker().Logout(t.Context(), q); err != nil {
		t.Errorf("again: %v", err)
	}
	if diff := cmp.Diff([]session.Notice{{Client: "k-front", Session: session.Session{ID: "s1"}}}, w.told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestLogoutOffline(t *testing.T) {
	w := newWorld(t)
	w.start("off1", "spa", false)
	q := revoke.LogoutRequest{Call: by("spa"), RefreshToken: w.sign(token.TypOffline, "spa", "off1")}
	if err := w.revoker().Logout(t.Context(), q); err != nil {
		t.Fatal(err)
	}
	if got := w.parts("off1", true); got != nil {
		t.Errorf("offline session: %v", got)
	}
	if got := w.parts("off1", false); len(got) != 1 {
		t.Errorf("online session: %v", got)
	}
}

func TestLogoutRefuses(t *testing.T) {
	w := newWorld(t)
	good := w.sign(token.TypRefresh, "front", "s1")
	invalid := answer{400, "invalid_grant", "Invalid refresh token", "invalid_token"}
	const generic = "Invalid client or Invalid client credentials"
	tests := map[string]struct {
		q    revoke.LogoutRequest
		want answer
	}{
		"garbage":        {revoke.LogoutRequest{Call: by("front"), RefreshToken: "garbage"}, invalid},
		"empty":          {revoke.LogoutRequest{Call: by("front")}, invalid},
		"access token":   {revoke.LogoutRequest{Call: by("front"), RefreshToken: w.sign("onrtro", "front", "s1")}, invalid},
		"ID token":       {revoke.LogoutRequest{Call: by("front"), RefreshToken: w.sign(token.TypID, "front", "s1")}, invalid},
		"another client": {revoke.LogoutRequest{Call: by("first"), RefreshToken: good}, answer{400, "invalid_grant", "Invalid refresh token. Token client and authorized client don't match", "invalid_token"}},
		"no client":      {revoke.LogoutRequest{Call: revoke.Call{Realm: "shop", Base: base}, RefreshToken: good}, answer{401, "invalid_client", generic, "client_not_found"}},
		"wrong secret":   {revoke.LogoutRequest{Call: revoke.Call{Realm: "shop", Base: base, Credentials: verify.Credentials{ID: ptr("front"), Secret: ptr("x")}}, RefreshToken: good}, answer{401, "unauthorized_client", generic, "invalid_client_credentials"}},
		"another page":   {revoke.LogoutRequest{Call: from(by("spa"), "https://elsewhere.example"), RefreshToken: good}, answer{403, "Invalid origin", "", "invalid_request"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			err := w.revoker().Logout(t.Context(), tt.q)
			if diff := cmp.Diff(tt.want, answerOf(t, err)); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if ev := w.last(); ev.Kind != event.Logout.Failed() || ev.Error != tt.want.Event {
				t.Errorf("event %+v", ev)
			}
			if got := w.parts("s1", false); len(got) != 4 {
				t.Errorf("left in the session: %v", got)
			}
			if len(w.told) > 0 {
				t.Errorf("told of what did not happen: %v", w.told)
			}
		})
	}
}
