package grant_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
)

func (w *world) clientCredentials(q grant.Call) (*grant.Response, error) {
	return w.ClientCredentials(w.t.Context(), grant.ClientCredentialsRequest{Call: q})
}

func TestClientCredentials(t *testing.T) {
	w := newWorld(t)
	resp, err := w.clientCredentials(as("gateway"))
	if err != nil {
		t.Fatal(err)
	}
	access := w.read(resp.AccessToken)
	if access.Origin != (token.Origin{Session: token.Transient, Grant: token.ByClientCredentials}) || access.Session != "" {
		t.Errorf("origin %+v, session %q: nothing is kept for a service account", access.Origin, access.Session)
	}
	if access.Client != "gateway" || access.Subject == "" || access.Other.Get("clientAddress") != "192.0.2.1" {
		t.Errorf("claims %+v", access.Claims)
	}
	want := &grant.Response{AccessToken: resp.AccessToken, ExpiresIn: 300, TokenType: "Bearer"}
	if diff := cmp.Diff(want, resp); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	ev := w.last()
	if ev.Kind != event.ClientLogin || ev.Client != "gateway" || ev.UserID != access.Subject || ev.Session != "" || ev.Error != "" {
		t.Errorf("event %+v", ev)
	}
	wantDetails := map[string]string{"grant_type": "client_credentials", "client_auth_method": "client-secret",
		"token_id": access.ID, "username": "service-account-gateway"}
	if diff := cmp.Diff(wantDetails, details(ev)); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
}

func TestClientCredentialsWithScope(t *testing.T) {
	w := newWorld(t)
	resp, err := w.clientCredentials(scoped(as("gateway"), "openid profile"))
	if err != nil {
		t.Fatal(err)
	}
	id := w.read(resp.IDToken)
	if resp.Scope != "openid profile" || id.Type != token.TypID || !cmp.Equal(id.Audience, []string{"gateway"}) {
		t.Errorf("scope %q, ID token %+v", resp.Scope, id.Claims)
	}
}

// Some clients get a refresh token for themselves; then there is a session.
func TestClientCredentialsWithRefreshToken(t *testing.T) {
	w := newWorld(t)
	resp, err := w.clientCredentials(as("refresher"))
	if err != nil {
		t.Fatal(err)
	}
	access := w.read(resp.AccessToken)
	if access.Origin.Session != token.Online || access.Session == "" || resp.Session != access.Session || resp.RefreshExpiresIn != 1800 {
		t.Errorf("origin %+v, session %q, answer %+v", access.Origin, access.Session, resp)
	}
	again, err := w.refresh("refresher", resp.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.read(again.AccessToken); got.Other.Get("clientAddress") != "192.0.2.1" || got.Session != access.Session {
		t.Errorf("refreshed: %+v", got.Claims)
	}
}

func TestClientCredentialsRefused(t *testing.T) {
	tests := map[string]struct {
		prepare func(w *world)
		call    grant.Call
		status  int
		code    oauth.Code
		text    string
		event   string
	}{
		"public client":      {nil, as("spa"), 401, oauth.UnauthorizedClient, "Public client not allowed to retrieve service account", "invalid_client"},
		"no service account": {nil, as("outsider"), 401, oauth.UnauthorizedClient, "Client not enabled to retrieve service account", "invalid_client"},
		"disabled account": {func(w *world) {
			u, err := w.store.ServiceAccount(w.t.Context(), w.realm().Key, "gateway")
			if err != nil {
				w.t.Fatal(err)
			}
			w.user(u.ID, func(u *user.User) { u.Enabled = false })
		}, as("gateway"), 401, oauth.InvalidRequest, "User 'service-account-gateway' disabled", "user_disabled"},
		"account gone": {func(w *world) {
			u, err := w.store.ServiceAccount(w.t.Context(), w.realm().Key, "gateway")
			if err != nil {
				w.t.Fatal(err)
			}
			if err := w.store.DeleteUser(w.t.Context(), w.realm().Key, u.ID, nil); err != nil {
				w.t.Fatal(err)
			}
		}, as("gateway"), 401, oauth.UnauthorizedClient, "Client not enabled to retrieve service account", "user_not_found"},
		"unknown scope": {nil, scoped(as("gateway"), "profile warehouse"), 400, oauth.InvalidScope, "Invalid scopes: profile warehouse", "invalid_request"},
		"empty scope":   {nil, scoped(as("gateway"), ""), 400, oauth.InvalidScope, "Invalid scopes: ", "invalid_request"},
		"realm disabled": {func(w *world) { w.settings(func(s *realm.Settings) { s.Enabled = false }) },
			as("gateway"), 403, oauth.AccessDenied, "Realm not enabled", "realm_disabled"},
		"client disabled": {func(w *world) { w.client("gateway", func(c *realm.Client) { c.Enabled = false }) },
			as("gateway"), 401, oauth.InvalidClient, "Invalid client or Invalid client credentials", "client_disabled"},
		"parameter twice":      {nil, func() grant.Call { q := as("gateway"); q.Repeated = true; return q }(), 400, oauth.InvalidRequest, "duplicated parameter", "invalid_request"},
		"page of another site": {nil, func() grant.Call { q := as("gateway"); q.Origin = "https://elsewhere.example"; return q }(), 403, oauth.InvalidOrigin, "", "invalid_request"},
		"other site first":     {nil, func() grant.Call { q := as("gateway"); q.Origin, q.Repeated = "null", true; return q }(), 403, oauth.InvalidOrigin, "", "invalid_request"},
		"client that wants proofs": {func(w *world) { w.client("gateway", func(c *realm.Client) { c.Tokens.BindDPoP = true }) },
			as("gateway"), 400, oauth.InvalidRequest, "DPoP proof is missing", "invalid_dpop_proof"},
		"client that wants certificates": {func(w *world) { w.client("gateway", func(c *realm.Client) { c.Tokens.BindTLS = true }) },
			as("gateway"), 400, oauth.InvalidRequest, "Client Certification missing for MTLS HoK Token Binding", "invalid_request"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if tt.prepare != nil {
				tt.prepare(w)
			}
			_, err := w.clientCredentials(tt.call)
			w.refused(err, tt.status, tt.code, tt.text, tt.event)
		})
	}
}

func TestUnknownRealm(t *testing.T) {
	w := newWorld(t)
	q := as("gateway")
	q.Realm = "elsewhere"
	if _, err := w.clientCredentials(q); err == nil || len(w.events) != 0 {
		t.Errorf("err = %v, %d events: there is nowhere to record anything", err, len(w.events))
	}
}

// A wrong secret says who was claimed to ask, and nothing else.
func TestClientAuthenticationInTheEvent(t *testing.T) {
	w := newWorld(t)
	q := as("gateway")
	q.Credentials.Secret = ptr("wrong")
	_, err := w.clientCredentials(q)
	w.refused(err, 401, oauth.UnauthorizedClient, "Invalid client or Invalid client credentials", "invalid_client_credentials")
	ev := w.last()
	if diff := cmp.Diff(map[string]string{"grant_type": "client_credentials"}, details(ev)); diff != "" || ev.Client != "gateway" || ev.UserID != "" {
		t.Errorf("event %+v\n%s", ev, diff)
	}
}
