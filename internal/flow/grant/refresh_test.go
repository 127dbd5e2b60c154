package grant_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

func TestRefresh(t *testing.T) {
	w := newWorld(t)
	first := w.signIn("spa", "alice", "openid profile")
	w.later(time.Minute)
	resp, err := w.refresh("spa", first.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	before, access, refresh := w.read(first.RefreshToken), w.read(resp.AccessToken), w.read(resp.RefreshToken)
	if access.Origin != (token.Origin{Session: token.Online, Grant: token.ByRefresh}) || access.Session != first.Session {
		t.Errorf("access token %+v", access)
	}
	want := &grant.Response{AccessToken: resp.AccessToken, RefreshToken: resp.RefreshToken, IDToken: resp.IDToken,
		ExpiresIn: 300, RefreshExpiresIn: 1800, TokenType: "Bearer", Session: first.Session, Scope: "openid profile"}
	if diff := cmp.Diff(want, resp); diff != "" || resp.IDToken == "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	ev := w.last()
	if ev.Kind != event.RefreshToken || ev.UserID != "alice" || ev.Session != first.Session {
		t.Errorf("event %+v", ev)
	}
	wantDetails := map[string]string{"grant_type": "refresh_token", "client_auth_method": "client-secret", "scope": "openid profile",
		"token_id": access.ID, "refresh_token_id": before.ID, "refresh_token_type": "Refresh", "updated_refresh_token_id": refresh.ID}
	if diff := cmp.Diff(wantDetails, details(ev)); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
	if _, err := w.refresh("spa", first.RefreshToken); err != nil {
		t.Errorf("without rotation the first token goes on: %v", err)
	}
}

// A scope may be given up for one access token; the refresh token keeps it.
func TestRefreshScope(t *testing.T) {
	tests := map[string]struct {
		first, asked string
		scope        string
		kept         string // of the refresh token, without the scopes that are always in play
	}{
		"all of it":             {"openid profile", "openid profile", "openid profile", "openid profile"},
		"less":                  {"openid profile", "openid", "openid", "openid profile"},
		"without openid":        {"openid profile", "profile", "profile", "openid profile"},
		"more than there was":   {"", "profile", "", ""},
		"offline access stays":  {"offline_access profile", "profile", "offline_access profile", "offline_access profile"},
		"defaults are in scope": {"profile", "roles", "", "profile"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first := w.signIn("spa", "alice", tt.first)
			resp, err := w.Refresh(t.Context(), grant.RefreshRequest{Call: scoped(as("spa"), tt.asked), RefreshToken: &first.RefreshToken})
			if err != nil {
				t.Fatal(err)
			}
			if sorted(resp.Scope) != sorted(tt.scope) {
				t.Errorf("scope %q, want %q", resp.Scope, tt.scope)
			}
			kept := strings.NewReplacer("roles", "", "callers", "").Replace(*w.read(resp.RefreshToken).Scope)
			if sorted(kept) != sorted(tt.kept) {
				t.Errorf("the refresh token keeps %q, want %q", kept, tt.kept)
			}
		})
	}
}

// sorted is a scope with its words in order.
func sorted(scope string) string {
	return strings.Join(slices.Sorted(slices.Values(strings.Fields(scope))), " ")
}

func TestRefreshRefused(t *testing.T) {
	disableAlice := func(w *world) { w.user("alice", func(u *user.User) { u.Enabled = false }) }
	tests := map[string]struct {
		scope   string
		prepare func(w *world)
		q       func(first *grant.Response) grant.RefreshRequest // nil: the first refresh token, as it is
		status  int
		code    oauth.Code
		text    string
		event   string
	}{
		"no token":       {q: func(*grant.Response) grant.RefreshRequest { return grant.RefreshRequest{Call: as("spa")} }, status: 400, code: oauth.InvalidRequest, text: "No refresh token"},
		"empty":          {q: with(""), text: "Invalid refresh token"},
		"garbage":        {q: with("garbage"), text: "Invalid refresh token"},
		"access token":   {q: func(r *grant.Response) grant.RefreshRequest { return with(r.AccessToken)(r) }, text: "Invalid refresh token"},
		"altered":        {q: func(r *grant.Response) grant.RefreshRequest { return with(r.RefreshToken + "x")(r) }, text: "Invalid refresh token"},
		"another client": {q: by("gateway"), text: "Invalid refresh token. Token client and authorized client don't match"},
		"unknown scope": {q: func(r *grant.Response) grant.RefreshRequest {
			return grant.RefreshRequest{Call: scoped(as("spa"), "warehouse"), RefreshToken: &r.RefreshToken}
		}, status: 400, code: oauth.InvalidScope, text: "Invalid scopes: warehouse", event: "invalid_request"},
		"expired":       {prepare: func(w *world) { w.later(1800 * time.Second) }, text: "Token is not active"},
		"user disabled": {prepare: disableAlice, text: "User disabled"},
		"user gone": {prepare: func(w *world) {
			if err := w.store.DeleteUser(w.t.Context(), w.realm().Key, "alice", nil); err != nil {
				w.t.Fatal(err)
			}
		}, text: "Session not active"},
		"session over": {prepare: func(w *world) {
			if err := w.store.EndSession(w.t.Context(), w.realm().Key, w.last().Session, false); err != nil {
				w.t.Fatal(err)
			}
		}, text: "Session not active"},
		"client's part over": {prepare: func(w *world) {
			if err := w.store.DropGrant(w.t.Context(), w.realm().Key, w.last().Session, "spa", false, w.now); err != nil {
				w.t.Fatal(err)
			}
		}, text: "Session doesn't have required client"},
		"offline session over": {scope: "offline_access", prepare: func(w *world) {
			if err := w.store.EndSession(w.t.Context(), w.realm().Key, w.last().Session, true); err != nil {
				w.t.Fatal(err)
			}
		}, text: "Offline user session not found"},
		"offline session idle": {scope: "offline_access", prepare: func(w *world) { w.later(30 * 24 * time.Hour) }, text: "Offline session not active"},
		"client's idle time": {prepare: func(w *world) {
			w.client("spa", func(c *realm.Client) { c.Tokens.SessionIdle = realm.Override{Set: true, Value: time.Second} })
			w.later(time.Minute)
		}, text: "Client session not active"},
		"realm's not-before":  {prepare: func(w *world) { w.settings(func(s *realm.Settings) { s.NotBefore = noon.Unix() + 1 }) }, text: "Stale token"},
		"client's not-before": {prepare: func(w *world) { w.client("spa", func(c *realm.Client) { c.NotBefore = noon.Unix() + 1 }) }, text: "Stale token"},
		"user's not-before":   {prepare: func(w *world) { w.user("alice", func(u *user.User) { u.NotBefore = noon.Unix() + 1 }) }, text: "Stale token"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first := w.signIn("spa", "alice", tt.scope)
			if _, err := w.refresh("spa", first.RefreshToken); err != nil {
				t.Fatalf("before: %v", err)
			}
			if tt.prepare != nil {
				tt.prepare(w)
			}
			q := grant.RefreshRequest{Call: as("spa"), RefreshToken: &first.RefreshToken}
			if tt.q != nil {
				q = tt.q(first)
			}
			if tt.status == 0 {
				tt.status, tt.code = 400, oauth.InvalidGrant
			}
			if tt.event == "" {
				tt.event = "invalid_token"
			}
			_, err := w.Refresh(t.Context(), q)
			w.refused(err, tt.status, tt.code, tt.text, tt.event)
		})
	}
}

// with makes a request with this refresh token, by one by this client.
func with(compact string) func(*grant.Response) grant.RefreshRequest {
	return func(*grant.Response) grant.RefreshRequest {
		return grant.RefreshRequest{Call: as("spa"), RefreshToken: &compact}
	}
}

func by(client string) func(*grant.Response) grant.RefreshRequest {
	return func(r *grant.Response) grant.RefreshRequest {
		return grant.RefreshRequest{Call: as(client), RefreshToken: &r.RefreshToken}
	}
}

func rotating(w *world, reuse int) {
	w.settings(func(s *realm.Settings) { s.Lifespans.RotateRefresh, s.Lifespans.RefreshReuse = true, reuse })
}

// A spent refresh token ends the client's part in the session: its successor is no good either.
func TestRotation(t *testing.T) {
	w := newWorld(t)
	rotating(w, 0)
	first := w.signIn("spa", "alice", "")
	second, err := w.refresh("spa", first.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := w.read(first.RefreshToken), w.read(second.RefreshToken); a.ReuseID == "" || a.ReuseID != b.ReuseID || a.ID == b.ID {
		t.Errorf("first %s of family %q, second %s of %q", a.ID, a.ReuseID, b.ID, b.ReuseID)
	}
	_, err = w.refresh("spa", first.RefreshToken)
	w.refused(err, 400, oauth.InvalidGrant, "Maximum allowed refresh token reuse exceeded", "invalid_token")
	_, err = w.refresh("spa", second.RefreshToken)
	w.refused(err, 400, oauth.InvalidGrant, "Session doesn't have required client", "invalid_token")
}

func TestRotationAfterTheSuccessor(t *testing.T) {
	w := newWorld(t)
	rotating(w, 0)
	first := w.signIn("spa", "alice", "")
	second, err := w.refresh("spa", first.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.refresh("spa", second.RefreshToken); err != nil {
		t.Fatal(err)
	}
	_, err = w.refresh("spa", first.RefreshToken)
	w.refused(err, 400, oauth.InvalidGrant, "Stale token", "invalid_token")
}

func TestRotationWithReuse(t *testing.T) {
	w := newWorld(t)
	rotating(w, 1)
	first := w.signIn("spa", "alice", "")
	for range 2 {
		if _, err := w.refresh("spa", first.RefreshToken); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.refresh("spa", first.RefreshToken)
	w.refused(err, 400, oauth.InvalidGrant, "Maximum allowed refresh token reuse exceeded", "invalid_token")
}

// A token from before the realm rotated them begins a family.
func TestRotationSwitchedOn(t *testing.T) {
	w := newWorld(t)
	first := w.signIn("spa", "alice", "")
	rotating(w, 0)
	second, err := w.refresh("spa", first.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.refresh("spa", second.RefreshToken); err != nil {
		t.Fatal(err)
	}
	_, err = w.refresh("spa", first.RefreshToken)
	w.refused(err, 400, oauth.InvalidGrant, "Stale token", "invalid_token")
}

// However many redeem a rotating token at the same moment, one succeeds.
func TestRotationUnderConcurrency(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		w := newWorldOn(t, s)
		rotating(w, 0)
		first := w.signIn("spa", "alice", "")
		var wg sync.WaitGroup
		var mu sync.Mutex
		redeemed := 0
		for range 20 {
			wg.Go(func() {
				if _, err := w.refresh("spa", first.RefreshToken); err == nil {
					mu.Lock()
					redeemed++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if redeemed != 1 {
			t.Errorf("redeemed %d times", redeemed)
		}
	})
}

// Whatever was allowed when the token was made must be allowed still.
func TestRefreshAsksAgain(t *testing.T) {
	t.Run("consent withdrawn", func(t *testing.T) {
		w := newWorld(t)
		w.client("consenting", func(c *realm.Client) { c.ConsentRequired = false })
		first := w.signIn("consenting", "alice", "profile")
		w.client("consenting", func(c *realm.Client) { c.ConsentRequired = true })
		w.user("alice", func(u *user.User) {
			u.Consents = []user.Consent{{Client: "consenting", Scopes: []string{"roles", "profile"}}}
		})
		if _, err := w.refresh("consenting", first.RefreshToken); err != nil {
			t.Fatal(err)
		}
		w.user("alice", func(u *user.User) { u.Consents[0].Scopes = []string{"roles"} })
		_, err := w.refresh("consenting", first.RefreshToken)
		w.refused(err, 400, oauth.InvalidScope, "Client no longer has requested consent from user", "invalid_token")
	})
	t.Run("role lost", func(t *testing.T) {
		w := newWorld(t)
		first := w.signIn("gateway", "alice", "")
		w.user("alice", func(u *user.User) { u.Roles = nil })
		resp, err := w.refresh("gateway", first.RefreshToken)
		if err != nil {
			t.Fatal(err)
		}
		if before, after := w.read(first.AccessToken), w.read(resp.AccessToken); len(before.Audience) != 2 || len(after.Audience) != 0 {
			t.Errorf("aud %v, after the roles were lost %v", before.Audience, after.Audience)
		}
	})
	t.Run("optional scope taken from the client", func(t *testing.T) {
		w := newWorld(t)
		first := w.signIn("spa", "alice", "profile")
		w.client("spa", func(c *realm.Client) { c.OptionalScopes = nil })
		resp, err := w.refresh("spa", first.RefreshToken)
		if err != nil || resp.Scope != "" {
			t.Errorf("scope %q, %v", resp.Scope, err)
		}
	})
	for name, lose := range map[string]func(w *world){
		"offline role lost":  func(w *world) { w.user("alice", func(u *user.User) { u.Roles = nil }) },
		"offline scope lost": func(w *world) { w.client("spa", func(c *realm.Client) { c.OptionalScopes = []string{"profile"} }) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first := w.signIn("spa", "alice", "offline_access")
			lose(w)
			_, err := w.refresh("spa", first.RefreshToken)
			w.refused(err, 400, oauth.InvalidGrant, "Offline session invalid because offline access not granted anymore", "invalid_token")
			_, err = w.refresh("spa", first.RefreshToken)
			w.refused(err, 400, oauth.InvalidGrant, "Offline user session not found", "invalid_token")
		})
	}
}
