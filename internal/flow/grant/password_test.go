package grant_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
)

func TestPassword(t *testing.T) {
	w := newWorld(t)
	resp := w.signIn("spa", "alice", "openid profile")
	access, refresh, id := w.read(resp.AccessToken), w.read(resp.RefreshToken), w.read(resp.IDToken)
	if access.Origin != (token.Origin{Session: token.Online, Grant: token.ByPassword}) || access.Session == "" || access.Subject != "alice" || access.Client != "spa" {
		t.Errorf("access token %+v", access)
	}
	if refresh.Type != token.TypRefresh || refresh.Session != access.Session || refresh.ReuseID != "" || id.Type != token.TypID || id.Session != access.Session {
		t.Errorf("refresh token %+v\nID token %+v", refresh.Claims, id.Claims)
	}
	want := &grant.Response{AccessToken: resp.AccessToken, RefreshToken: resp.RefreshToken, IDToken: resp.IDToken,
		ExpiresIn: 300, RefreshExpiresIn: 1800, TokenType: "Bearer", Session: access.Session, Scope: "openid profile", Locale: "de"}
	if diff := cmp.Diff(want, resp); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	s, err := w.store.Session(t.Context(), w.realm().Key, access.Session, false)
	if err != nil || s.UserID != "alice" || s.Address != "192.0.2.1" || !s.AuthTime.IsZero() {
		t.Errorf("session %+v, %v", s, err)
	}
	ev := w.last()
	if ev.Kind != event.Login || ev.UserID != "alice" || ev.Session != access.Session || ev.Client != "spa" || ev.Address != "192.0.2.1" {
		t.Errorf("event %+v", ev)
	}
	wantDetails := map[string]string{"auth_method": "openid-connect", "grant_type": "password", "client_auth_method": "client-secret",
		"username": "alice", "scope": "openid profile", "token_id": access.ID, "refresh_token_id": refresh.ID, "refresh_token_type": "Refresh"}
	if diff := cmp.Diff(wantDetails, details(ev)); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
}

func TestPasswordNames(t *testing.T) {
	w := newWorld(t)
	try := func(login string) error {
		_, err := w.Password(t.Context(), grant.PasswordRequest{Call: as("spa"), Username: &login, Password: "alice"})
		return err
	}
	for _, login := range []string{"alice", "ALICE", "alice@shop.example", "Alice@Shop.Example"} {
		if err := try(login); err != nil {
			t.Errorf("%s: %v", login, err)
		}
	}
	w.settings(func(s *realm.Settings) { s.LoginWithEmail = false })
	w.refused(try("alice@shop.example"), 400, oauth.InvalidGrant, "Invalid user credentials", "user_not_found")
}

func TestPasswordRefused(t *testing.T) {
	q := func(client, name, password string) grant.PasswordRequest {
		return grant.PasswordRequest{Call: as(client), Username: &name, Password: password}
	}
	with := func(q grant.PasswordRequest, scope string) grant.PasswordRequest { q.Scope = &scope; return q }
	tests := map[string]struct {
		q      grant.PasswordRequest
		status int
		code   oauth.Code
		text   string
		event  string
	}{
		"not for this client":               {q("orders", "alice", "alice"), 400, oauth.UnauthorizedClient, "Client not allowed for direct access grants", "not_allowed"},
		"client that needs consent":         {q("consenting", "alice", "alice"), 400, oauth.InvalidClient, "Client requires user consent", "consent_denied"},
		"bearer-only client":                {q("bearer", "alice", "alice"), 400, oauth.InvalidClient, "Bearer-only not allowed", "invalid_client"},
		"scope before password":             {with(q("spa", "alice", "wrong"), "warehouse"), 400, oauth.InvalidScope, "Invalid scopes: warehouse", "invalid_request"},
		"no name":                           {grant.PasswordRequest{Call: as("spa"), Password: "alice"}, 401, oauth.InvalidRequest, "Missing parameter: username", "user_not_found"},
		"wrong password":                    {q("spa", "alice", "wrong"), 400, oauth.InvalidGrant, "Invalid user credentials", "invalid_user_credentials"},
		"no password":                       {q("spa", "alice", ""), 400, oauth.InvalidGrant, "Invalid user credentials", "invalid_user_credentials"},
		"nobody":                            {q("spa", "nobody", "nobody"), 400, oauth.InvalidGrant, "Invalid user credentials", "user_not_found"},
		"service account":                   {q("spa", "service-account-gateway", "service-account-gateway"), 400, oauth.InvalidGrant, "Invalid user credentials", "user_not_found"},
		"disabled":                          {q("spa", "carol", "carol"), 400, oauth.InvalidGrant, "Account disabled", "user_disabled"},
		"disabled and wrong":                {q("spa", "carol", "wrong"), 400, oauth.InvalidGrant, "Invalid user credentials", "user_disabled"},
		"required action":                   {q("spa", "dave", "dave"), 400, oauth.InvalidGrant, "Account is not fully set up", "resolve_required_actions"},
		"required action, wrong password":   {q("spa", "dave", "wrong"), 400, oauth.InvalidGrant, "Invalid user credentials", "invalid_user_credentials"},
		"offline without the role":          {with(q("spa", "bob", "bob"), "offline_access"), 400, oauth.NotAllowed, "Offline tokens not allowed for the user or client", "not_allowed"},
		"one-time code missing":             {q("spa", "erin", "erin"), 400, oauth.InvalidGrant, "Invalid user credentials", "invalid_user_credentials"},
		"one-time code wrong":               {func() grant.PasswordRequest { q := q("spa", "erin", "erin"); q.OTP = "00000000"; return q }(), 400, oauth.InvalidGrant, "Invalid user credentials", "invalid_user_credentials"},
		"right one-time code, wrong secret": {func() grant.PasswordRequest { q := q("spa", "erin", "wrong"); q.OTP = "94287082"; return q }(), 400, oauth.InvalidGrant, "Invalid user credentials", "invalid_user_credentials"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, err := w.Password(t.Context(), tt.q)
			w.refused(err, tt.status, tt.code, tt.text, tt.event)
			if w.last().Session != "" {
				t.Error("a session began")
			}
		})
	}
}

// Codes by counter (RFC 4226 appendix D) are taken as those by time are: each once, and none before it any more.
func TestOneTimeCodeByCounter(t *testing.T) {
	w := newWorld(t)
	err := w.store.EditUser(t.Context(), w.realm().Key, "alice", func(a *user.Account) ([]event.Admin, error) {
		a.Credentials = append(a.Credentials, user.NewOTP(user.OTPPolicy{Type: "hotp"}.OrDefault(), "token", "12345678901234567890", "", w.now))
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	name := "alice"
	for i, step := range []struct {
		code  string
		taken bool
	}{{"", false}, {"000000", false}, {"755224", true}, {"755224", false}, {"359152", true}, {"287082", false}, {"969429", true}} {
		_, err := w.Password(t.Context(), grant.PasswordRequest{Call: as("spa"), Username: &name, Password: name, OTP: step.code})
		if step.taken && err != nil {
			t.Errorf("step %d, %s: %v", i, step.code, err)
		}
		if !step.taken {
			w.refused(err, 400, oauth.InvalidGrant, "Invalid user credentials", "invalid_user_credentials")
		}
	}
}

// A one-time code works once, and only as long as it is shown.
func TestOneTimeCode(t *testing.T) {
	w := newWorld(t)
	w.now = time.Unix(1111111109, 0) // of RFC 6238 appendix B
	try := func(code string) error {
		name := "erin"
		_, err := w.Password(t.Context(), grant.PasswordRequest{Call: as("spa"), Username: &name, Password: name, OTP: code})
		return err
	}
	if err := try("07081804"); err != nil {
		t.Fatal(err)
	}
	w.refused(try("07081804"), 400, oauth.InvalidGrant, "Invalid user credentials", "invalid_user_credentials")
	w.later(10 * time.Minute)
	w.refused(try("07081804"), 400, oauth.InvalidGrant, "Invalid user credentials", "invalid_user_credentials")

	err := w.store.EditUser(t.Context(), w.realm().Key, "erin", func(a *user.Account) ([]event.Admin, error) {
		for i, c := range a.Credentials {
			a.Credentials[i].Data = strings.ReplaceAll(c.Data, `"period":30`, `"period":3600`)
		}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.now = time.Unix(5400, 0)
	if err := try("94287082"); err != nil {
		t.Fatal(err)
	}
	w.later(20 * time.Minute) // it would still be good, had it not been used
	if err := w.store.Sweep(t.Context(), w.clock()); err != nil {
		t.Fatal(err)
	}
	w.refused(try("94287082"), 400, oauth.InvalidGrant, "Invalid user credentials", "invalid_user_credentials")
}

// A password that must be changed lets nobody in: there is no page to change it on.
func TestPasswordToBeChanged(t *testing.T) {
	w := newWorld(t)
	err := w.store.EditUser(t.Context(), w.realm().Key, "alice", func(a *user.Account) ([]event.Admin, error) {
		a.User.RequiredActions = []string{"UPDATE_PASSWORD"}
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	name := "alice"
	_, err = w.Password(t.Context(), grant.PasswordRequest{Call: as("spa"), Username: &name, Password: name})
	w.refused(err, 400, oauth.InvalidGrant, "Account is not fully set up", "resolve_required_actions")
}

func TestPasswordOffline(t *testing.T) {
	w := newWorld(t)
	resp := w.signIn("spa", "alice", "offline_access")
	access, refresh := w.read(resp.AccessToken), w.read(resp.RefreshToken)
	if access.Origin.Session != token.Offline || refresh.Type != token.TypOffline || refresh.Expires != 0 || resp.RefreshExpiresIn != 0 {
		t.Errorf("access token %+v\nrefresh token %+v", access, refresh)
	}
	if _, err := w.store.Session(t.Context(), w.realm().Key, access.Session, true); err != nil {
		t.Error(err)
	}
	if _, err := w.store.Session(t.Context(), w.realm().Key, access.Session, false); err == nil {
		t.Error("there is an online session too")
	}
	w.later(29 * 24 * time.Hour)
	if _, err := w.refresh("spa", resp.RefreshToken); err != nil {
		t.Errorf("within the idle time of offline sessions: %v", err)
	}
	w.settings(func(s *realm.Settings) { s.Lifespans.OfflineMaxEnabled, s.Lifespans.OfflineMax = true, 30*24*time.Hour })
	again, err := w.refresh("spa", resp.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if again.RefreshExpiresIn != 24*60*60 {
		t.Errorf("refresh token lives %d s, want the day that is left of the maximum", again.RefreshExpiresIn)
	}
}

func TestPasswordWithoutRefreshTokens(t *testing.T) {
	w := newWorld(t)
	w.client("spa", func(c *realm.Client) { c.Tokens.NoRefresh = true })
	resp := w.signIn("spa", "alice", "offline_access")
	if access := w.read(resp.AccessToken); resp.RefreshToken != "" || resp.RefreshExpiresIn != 0 || access.Origin.Session != token.Online || resp.Session == "" {
		t.Errorf("answer %+v, origin %+v", resp, access.Origin)
	}
}

// The latest of the marks of realm, client and user is told.
func TestNotBefore(t *testing.T) {
	w := newWorld(t)
	for _, marks := range [][3]int64{{30, 20, 10}, {20, 30, 10}, {10, 20, 30}} {
		w.settings(func(s *realm.Settings) { s.NotBefore = marks[0] })
		w.client("spa", func(c *realm.Client) { c.NotBefore = marks[1] })
		w.user("alice", func(u *user.User) { u.NotBefore = marks[2] })
		if got := w.signIn("spa", "alice", "").NotBefore; got != 30 {
			t.Errorf("marks %v: not-before-policy %d, want 30", marks, got)
		}
	}
}
