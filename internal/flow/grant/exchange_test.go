package grant_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

func TestExchange(t *testing.T) {
	w := newWorld(t)
	subject := w.signIn("spa", "alice", "")
	q := swap("gateway", subject.AccessToken)
	q.Audiences = []string{"orders"}
	q.Scope = ptr("openid profile")
	resp := w.exchange(q)

	access, id := w.read(resp.AccessToken), w.read(resp.IDToken)
	if access.Origin != (token.Origin{Session: token.OnlineTransient, Grant: token.ByExchange}) || access.Client != "gateway" ||
		access.Subject != "alice" || access.Session != subject.Session || !cmp.Equal(access.Audience, []string{"orders"}) {
		t.Errorf("access token %+v", access)
	}
	if id.Type != token.TypID || id.AccessHash == "" || !cmp.Equal(id.Audience, []string{"gateway"}) {
		t.Errorf("ID token %+v", id.Claims)
	}
	want := &grant.Response{AccessToken: resp.AccessToken, IDToken: resp.IDToken, ExpiresIn: 300, TokenType: "Bearer",
		Session: subject.Session, Scope: "openid profile", IssuedTokenType: string(oauth.TypeAccessToken)}
	if diff := cmp.Diff(want, resp); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if _, err := w.store.Grant(t.Context(), w.realm().Key, subject.Session, "gateway", false); err == nil {
		t.Error("something is kept for gateway")
	}
	ev := w.last()
	if ev.Kind != event.TokenExchange || ev.UserID != "alice" || ev.Session != subject.Session || ev.Client != "gateway" {
		t.Errorf("event %+v", ev)
	}
	wantDetails := map[string]string{"auth_method": "token_exchange", "grant_type": string(oauth.TokenExchange), "client_auth_method": "client-secret",
		"requested_token_type": string(oauth.TypeAccessToken), "username": "alice", "subject_token_client_id": "spa",
		"token_id": access.ID, "scope": "openid profile", "audience": "orders"}
	if diff := cmp.Diff(wantDetails, details(ev)); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
}

func TestExchangeForIDToken(t *testing.T) {
	w := newWorld(t)
	q := swap("gateway", w.signIn("spa", "alice", "").AccessToken)
	q.RequestedTokenType = ptr(string(oauth.TypeIDToken))
	resp := w.exchange(q)
	if id := w.read(resp.AccessToken); id.Type != token.TypID || id.AccessHash != "" || resp.TokenType != "N_A" || resp.IDToken != "" ||
		resp.IssuedTokenType != string(oauth.TypeIDToken) {
		t.Errorf("answer %+v, token %+v", resp, id.Claims)
	}
}

func TestExchangeForRefreshToken(t *testing.T) {
	w := newWorld(t)
	subject := w.signIn("spa", "alice", "")
	q := swap("refresher", subject.AccessToken)
	q.RequestedTokenType, q.Audiences = ptr(string(oauth.TypeRefreshToken)), []string{"orders", "orders"}
	w.later(time.Minute)
	resp := w.exchange(q)
	access, refresh := w.read(resp.AccessToken), w.read(resp.RefreshToken)
	if access.Origin.Session != token.Online || resp.ExpiresIn != 240 || resp.RefreshExpiresIn != 1800 ||
		!cmp.Equal(refresh.RequestedAudience, []string{"orders"}) {
		t.Errorf("answer %+v\naccess token %+v\nrefresh token %+v", resp, access, refresh)
	}
	if ev := w.last(); ev.Get("refresh_token_id") != refresh.ID || ev.Get("refresh_token_type") != "Refresh" {
		t.Errorf("event %+v", ev)
	}
	part, err := w.store.Grant(t.Context(), w.realm().Key, subject.Session, "refresher", false)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"spa": w.read(subject.AccessToken).ID}, part.Sources); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}

	// Refreshed, the audience stays as narrow as it was, and the token lives as the session lets it.
	again, err := w.refresh("refresher", resp.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := w.refresh("refresher", again.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.read(twice.AccessToken); !cmp.Equal(got.Audience, []string{"orders"}) || twice.ExpiresIn != 300 {
		t.Errorf("aud %v, lives %d s", got.Audience, twice.ExpiresIn)
	}
}

// Which session the exchanged token is of, for each the subject can be of.
func TestExchangeSessions(t *testing.T) {
	subjects := map[token.SessionKind]func(w *world) string{
		token.Online:          func(w *world) string { return w.signIn("gateway", "alice", "").AccessToken },
		token.OnlineTransient: func(w *world) string { return w.signIn("spa", "alice", "").AccessToken },
		token.OfflineTransient: func(w *world) string {
			return w.signIn("gateway", "alice", "offline_access").AccessToken
		},
		token.Transient: func(w *world) string {
			resp, err := w.clientCredentials(as("gateway"))
			if err != nil {
				w.t.Fatal(err)
			}
			return resp.AccessToken
		},
	}
	for want, subject := range subjects {
		t.Run(string(want), func(t *testing.T) {
			w := newWorld(t)
			from := w.read(subject(w))
			resp := w.exchange(swap("gateway", subject(w)))
			got := w.read(resp.AccessToken)
			if got.Origin.Session != want || (resp.Session == "") != (want == token.Transient) {
				t.Errorf("from %s to %s, session %q", from.Origin.Session, got.Origin.Session, resp.Session)
			}
			if got.Other.Get("clientAddress") != nil {
				t.Error("notes of the service account's session are copied")
			}
			if next := w.read(w.exchange(swap("gateway", resp.AccessToken)).AccessToken); next.Origin.Session != want {
				t.Errorf("the next hop is %s", next.Origin.Session)
			}
		})
	}
}

// Who may have no offline session gets no refresh token for one, and an online one in its place neither.
func TestExchangeOfflineWithoutTheRole(t *testing.T) {
	for name, want := range map[string]string{
		"alice": "Scope offline_access not allowed for token exchange",
		"bob":   "Offline tokens not allowed for the user or client",
	} {
		w := newWorld(t)
		q := swap("refresher", w.signIn("refresher", name, "").AccessToken)
		q.RequestedTokenType, q.Scope = ptr(string(oauth.TypeRefreshToken)), ptr("offline_access")
		_, err := w.Exchange(t.Context(), q)
		code, event := oauth.InvalidRequest, "invalid_request"
		if name == "bob" {
			code, event = oauth.NotAllowed, "not_allowed"
		}
		w.refused(err, 400, code, want, event)
		q.RequestedTokenType = nil
		w.exchange(q)
	}
}

// An exchange at a client with a part in the session remembers its scope, and openid shows up in the
// next one that asks for none.
func TestExchangeRemembersOpenID(t *testing.T) {
	w := newWorld(t)
	own := w.signIn("gateway", "alice", "")
	q := swap("gateway", own.AccessToken)
	if resp := w.exchange(q); resp.Scope != "" {
		t.Errorf("scope %q before openid was asked for", resp.Scope)
	}
	q.Scope = ptr("openid profile")
	w.exchange(q)
	q.Scope = nil
	resp := w.exchange(q)
	if resp.Scope != "openid" || resp.IDToken != "" {
		t.Errorf("scope %q, ID token %q", resp.Scope, resp.IDToken)
	}
	refreshed, err := w.refresh("gateway", own.RefreshToken)
	if err != nil || refreshed.IDToken == "" || strings.Contains(refreshed.Scope, "openid") {
		t.Errorf("refreshed: scope %q, ID token %q, %v", refreshed.Scope, refreshed.IDToken, err)
	}
}

// Two exchanges at the same moment, and a refresh beside them, all leave their mark.
func TestExchangeKeepsWhatOthersKept(t *testing.T) {
	w := newWorld(t)
	rotating(w, 0)
	own := w.signIn("refresher", "alice", "")
	if _, err := w.refresh("refresher", own.RefreshToken); err != nil {
		t.Fatal(err)
	}
	w.Sessions = &meddler{Sessions: w.Sessions, before: func() { // between the exchange's reading and its writing
		w.Sessions = w.Sessions.(*meddler).Sessions
		w.exchange(swap("refresher", own.AccessToken))
	}}
	w.exchange(swap("refresher", own.AccessToken))
	part, err := w.store.Grant(t.Context(), w.realm().Key, own.Session, "refresher", false)
	if err != nil || len(part.Families) != 1 || part.Sources["refresher"] == "" {
		t.Errorf("part %+v, %v", part, err)
	}
	_, err = w.refresh("refresher", own.RefreshToken)
	w.refused(err, 400, oauth.InvalidGrant, "Maximum allowed refresh token reuse exceeded", "invalid_token")
}

// Two first exchanges at the same moment: the part remembers where both came from.
func TestFirstExchangesAtOnce(t *testing.T) {
	w := newWorld(t)
	subject := w.signIn("spa", "alice", "")
	w.Sessions = &meddler{Sessions: w.Sessions, before: func() {
		err := w.store.AddGrant(t.Context(), w.realm().Key, session.Grant{
			Session: subject.Session, Client: "refresher", Started: noon, LastAccess: noon, RefreshID: "other",
			Sources: map[string]string{"app": "jti"},
		})
		if err != nil {
			t.Fatal(err)
		}
	}}
	q := swap("refresher", subject.AccessToken)
	q.RequestedTokenType = ptr(string(oauth.TypeRefreshToken))
	resp := w.exchange(q)
	part, err := w.store.Grant(t.Context(), w.realm().Key, subject.Session, "refresher", false)
	if err != nil || len(part.Sources) != 2 {
		t.Errorf("the part comes from %v, %v; want from spa and app", part.Sources, err)
	}
	if _, err := w.refresh("refresher", resp.RefreshToken); err != nil {
		t.Errorf("refresh: %v", err)
	}
}

// meddler does something before the next change of a part.
type meddler struct {
	grant.Sessions
	before func()
}

func (m *meddler) Refresh(ctx context.Context, realmKey string, prev, next session.Grant) error {
	if before := m.before; before != nil {
		m.before = nil
		before()
	}
	return m.Sessions.Refresh(ctx, realmKey, prev, next)
}

func (m *meddler) AddGrant(ctx context.Context, realmKey string, g session.Grant) error {
	if before := m.before; before != nil {
		m.before = nil
		before()
	}
	return m.Sessions.AddGrant(ctx, realmKey, g)
}

// A session that ends while its token is exchanged takes the exchange with it.
func TestExchangeOfWhatEndsMeanwhile(t *testing.T) {
	w := newWorld(t)
	subject := w.signIn("spa", "alice", "")
	w.Sessions = &meddler{Sessions: w.Sessions, before: func() {
		if err := w.store.EndSession(t.Context(), w.realm().Key, subject.Session, false); err != nil {
			t.Fatal(err)
		}
	}}
	q := swap("refresher", subject.AccessToken)
	q.RequestedTokenType = ptr(string(oauth.TypeRefreshToken))
	_, err := w.Exchange(t.Context(), q)
	w.refused(err, 400, oauth.InvalidRequest, "Invalid token", "invalid_token")
}

func TestExchangeLifetime(t *testing.T) {
	w := newWorld(t)
	subject := w.signIn("spa", "alice", "").AccessToken
	w.later(200 * time.Second)
	if resp := w.exchange(swap("gateway", subject)); resp.ExpiresIn != 100 {
		t.Errorf("lives %d s, want the 100 that the subject has left", resp.ExpiresIn)
	}
	w.settings(func(s *realm.Settings) { s.Exchange.CapLifetime = false })
	if resp := w.exchange(swap("gateway", subject)); resp.ExpiresIn != 300 {
		t.Errorf("lives %d s without the cap, want 300", resp.ExpiresIn)
	}
}

// What a refusal's event says depends on how far the rules got.
func TestExchangeRefusedInTheEvent(t *testing.T) {
	w := newWorld(t)
	subject := w.signIn("spa", "alice", "").AccessToken
	common := map[string]string{"auth_method": "token_exchange", "grant_type": string(oauth.TokenExchange), "client_auth_method": "client-secret"}
	plus := func(more map[string]string) map[string]string {
		out := map[string]string{}
		for _, m := range []map[string]string{common, more} {
			for k, v := range m {
				out[k] = v
			}
		}
		return out
	}
	known := map[string]string{"username": "alice", "subject_token_client_id": "spa"}
	tests := map[string]struct {
		q     func() grant.ExchangeRequest
		event string
		want  map[string]string
		user  string
		rule  explain.Rule
	}{
		"before the subject": {func() grant.ExchangeRequest { return swap("orders", subject) }, "invalid_request",
			plus(map[string]string{"reason": "Standard token exchange is not enabled for the requested client"}), "", explain.ExchangeEnabled},
		"invalid subject": {func() grant.ExchangeRequest { return swap("gateway", "garbage") }, "invalid_token",
			plus(map[string]string{"reason": "subject_token validation failure"}), "", explain.ExchangeSubject},
		"invalid subject for a type": {func() grant.ExchangeRequest {
			q := swap("gateway", "garbage")
			q.RequestedTokenType = ptr("x")
			return q
		}, "invalid_token", plus(map[string]string{"reason": "subject_token validation failure", "requested_token_type": "x"}), "", explain.ExchangeSubject},
		"no subject for a type": {func() grant.ExchangeRequest {
			q := swap("gateway", "")
			q.SubjectToken, q.RequestedTokenType = nil, ptr("x")
			return q
		}, "invalid_request", plus(map[string]string{"reason": "Parameter 'subject_token' required for standard token exchange"}), "", explain.ExchangeSubject},
		"type": {func() grant.ExchangeRequest {
			q := swap("gateway", subject)
			q.RequestedTokenType = ptr("x")
			return q
		}, "invalid_request", plus(map[string]string{"reason": "requested_token_type unsupported", "requested_token_type": "x",
			"username": "alice", "subject_token_client_id": "spa"}), "alice", explain.ExchangeType},
		"audience": {func() grant.ExchangeRequest {
			q := swap("gateway", subject)
			q.Audiences = []string{"orders", "nowhere"}
			return q
		}, "client_not_found", plus(map[string]string{"reason": "audience not found", "audience": "nowhere", "username": "alice",
			"subject_token_client_id": "spa", "requested_token_type": string(oauth.TypeAccessToken)}), "alice", explain.ExchangeTarget},
		"holder": {func() grant.ExchangeRequest { return swap("outsider", subject) }, "not_allowed",
			plus(map[string]string{"reason": "client is not within the token audience", "username": known["username"],
				"subject_token_client_id": "spa", "requested_token_type": string(oauth.TypeAccessToken)}), "alice", explain.ExchangeHolder},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := w.Exchange(t.Context(), tt.q()); err == nil {
				t.Fatal("granted")
			}
			ev := w.last()
			if diff := cmp.Diff(tt.want, details(ev)); diff != "" || ev.Error != tt.event || ev.UserID != tt.user {
				t.Errorf("event %+v (-want +got):\n%s", ev, diff)
			}
			if denials := ev.Trace.Denials(); len(denials) != 1 || denials[0].Rule != tt.rule {
				t.Errorf("trace %+v", ev.Trace)
			}
		})
	}
}

// The realm says which events keep their trace.
func TestTraceIsKept(t *testing.T) {
	w := newWorld(t)
	subject := w.signIn("spa", "alice", "").AccessToken
	for _, tt := range []struct {
		setting          string
		granted, refused bool
	}{{"refused", false, true}, {"all", true, true}, {"none", false, false}} {
		w.settings(func(s *realm.Settings) { s.Events.Trace = tt.setting })
		w.exchange(swap("gateway", subject))
		if kept := w.last().Trace != nil; kept != tt.granted {
			t.Errorf("%s: trace of a grant kept: %v", tt.setting, kept)
		}
		if _, err := w.Exchange(t.Context(), swap("outsider", subject)); err == nil {
			t.Fatal("granted")
		}
		if kept := w.last().Trace != nil; kept != tt.refused {
			t.Errorf("%s: trace of a refusal kept: %v", tt.setting, kept)
		}
	}
}

// What Keycloak passes over is at least not passed over in silence.
func TestUnreadResourceIsInTheTrace(t *testing.T) {
	w := newWorld(t)
	w.settings(func(s *realm.Settings) { s.Events.Trace = "all" })
	q := swap("gateway", w.signIn("spa", "alice", "").AccessToken)
	q.Resources = []string{"https://orders.example"}
	w.exchange(q)
	var got []string
	for _, step := range w.last().Trace.Steps {
		if step.Rule == explain.ExchangeResource && step.Outcome == explain.Skipped {
			got = append(got, step.Subject)
		}
	}
	if diff := cmp.Diff([]string{"https://orders.example"}, got); diff != "" {
		t.Errorf("named (-want +got):\n%s", diff)
	}
}

// nobody is an exchange that says nothing about its client.
func nobody(subject string) grant.ExchangeRequest {
	q := swap("app", subject)
	q.Credentials = verify.Credentials{}
	return q
}

// A public client may be found by its token.
func TestExchangeWithoutClient(t *testing.T) {
	w := newWorld(t)
	subject := w.signIn("app", "alice", "").AccessToken
	bearer := nobody(subject)
	bearer.Credentials.Authorization = "Bearer " + subject
	named := swap("app", subject)
	paged := nobody(subject)
	paged.Origin = "https://app.example"
	for name, q := range map[string]grant.ExchangeRequest{"nothing": nobody(subject), "bearer header": bearer, "client_id": named, "from its page": paged} {
		resp, err := w.Exchange(t.Context(), q)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := w.read(resp.AccessToken); got.Client != "app" || !cmp.Equal(got.Audience, []string{"orders"}) {
			t.Errorf("%s: azp %s, aud %v", name, got.Client, got.Audience)
		}
		if ev := w.last(); ev.Client != "app" || ev.UserID != "alice" {
			t.Errorf("%s: event %+v", name, ev)
		}
	}
}

// A front end that lists no web origins is called from where its redirect URIs are. Whoever names it is told
// what Keycloak tells.
func TestExchangeFromRedirectOrigin(t *testing.T) {
	w := newWorld(t)
	w.client("app", func(c *realm.Client) { c.WebOrigins, c.RedirectURIs = nil, []string{"https://front.example/*"} })
	subject := w.signIn("app", "alice", "").AccessToken
	q := nobody(subject)
	q.Origin = "https://front.example"
	w.exchange(q)
	q.Origin = "https://elsewhere.example"
	_, err := w.Exchange(t.Context(), q)
	w.refused(err, 403, oauth.InvalidOrigin, "", "invalid_request")
	named := swap("app", subject)
	named.Origin = "https://front.example"
	_, err = w.Exchange(t.Context(), named)
	w.refused(err, 403, oauth.InvalidOrigin, "", "invalid_request")
}

func TestExchangeWithoutClientRefused(t *testing.T) {
	const generic = "Invalid client or Invalid client credentials"
	tests := map[string]struct {
		q      func(w *world, own, other string) grant.ExchangeRequest
		status int
		code   oauth.Code
		text   string
		event  string
	}{
		"token of a client that may not": {func(_ *world, _, other string) grant.ExchangeRequest { return nobody(other) }, 401, oauth.InvalidClient, generic, "client_not_found"},
		"garbage":                        {func(*world, string, string) grant.ExchangeRequest { return nobody("garbage") }, 401, oauth.InvalidClient, generic, "client_not_found"},
		"no subject": {func(_ *world, own, _ string) grant.ExchangeRequest {
			q := nobody(own)
			q.SubjectToken = nil
			return q
		}, 401, oauth.InvalidClient, generic, "client_not_found"},
		"another bearer token": {func(_ *world, own, other string) grant.ExchangeRequest {
			q := nobody(own)
			q.Credentials.Authorization = "Bearer " + other
			return q
		}, 400, oauth.InvalidRequest, "The bearer token is not the subject token", "invalid_request"},
		"another page": {func(_ *world, own, _ string) grant.ExchangeRequest {
			q := nobody(own)
			q.Origin = "https://shop.example"
			return q
		}, 403, oauth.InvalidOrigin, "", "invalid_request"},
		"audience that is not listed": {func(_ *world, own, _ string) grant.ExchangeRequest {
			q := nobody(own)
			q.Audiences = []string{"billing"}
			return q
		}, 403, oauth.AccessDenied, "Token exchange not permitted: client app may not exchange to billing", "not_allowed"},
		"refresh token": {func(w *world, own, _ string) grant.ExchangeRequest {
			w.client("app", func(c *realm.Client) { c.Exchange.Refresh = true })
			q := nobody(own)
			q.RequestedTokenType = ptr(string(oauth.TypeRefreshToken))
			return q
		}, 400, oauth.InvalidRequest, "requested_token_type unsupported", "invalid_request"},
		"another's token, by client_id": {func(w *world, _, other string) grant.ExchangeRequest { return swap("app", other) },
			403, oauth.AccessDenied, "Client is not within the token audience", "not_allowed"},
		"client disabled": {func(w *world, own, _ string) grant.ExchangeRequest {
			w.client("app", func(c *realm.Client) { c.Enabled = false })
			return nobody(own)
		}, 401, oauth.InvalidClient, generic, "client_not_found"},
		"realm disabled": {func(w *world, own, _ string) grant.ExchangeRequest {
			w.settings(func(s *realm.Settings) { s.Enabled = false })
			return nobody(own)
		}, 403, oauth.AccessDenied, "Realm not enabled", "realm_disabled"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			own, other := w.signIn("app", "alice", "").AccessToken, w.signIn("spa", "alice", "").AccessToken
			_, err := w.Exchange(t.Context(), tt.q(w, own, other))
			w.refused(err, tt.status, tt.code, tt.text, tt.event)
		})
	}
}

// What came of an exchange is not refreshed once it would not be exchanged any more.
func TestRefreshOfAnExchange(t *testing.T) {
	tests := map[string]struct {
		change func(w *world)
		want   string
		status int
		code   oauth.Code
		event  string
	}{
		"nothing changed":   {change: func(*world) {}},
		"audience disabled": {func(w *world) { w.client("orders", func(c *realm.Client) { c.Enabled = false }) }, "Client disabled", 400, oauth.InvalidClient, "client_disabled"},
		"no longer permitted": {func(w *world) {
			w.client("refresher", func(c *realm.Client) { c.Exchange.Permitted = &[]string{"billing"} })
		}, "Token exchange not permitted: client refresher may not exchange to orders", 403, oauth.AccessDenied, "not_allowed"},
		"no longer accepted": {func(w *world) {
			w.client("orders", func(c *realm.Client) { c.Exchange.Accepts = &[]string{} })
		}, "Token exchange not permitted: orders does not accept exchanges from refresher", 403, oauth.AccessDenied, "not_allowed"},
		"role lost": {func(w *world) { w.user("alice", func(u *user.User) { u.Roles = nil }) }, "Requested audience not available: orders", 400, oauth.InvalidRequest, "invalid_request"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			q := swap("refresher", w.signIn("spa", "alice", "").AccessToken)
			q.RequestedTokenType, q.Audiences = ptr(string(oauth.TypeRefreshToken)), []string{"orders"}
			resp := w.exchange(q)
			tt.change(w)
			again, err := w.refresh("refresher", resp.RefreshToken)
			if tt.want != "" {
				w.refused(err, tt.status, tt.code, tt.want, tt.event)
				return
			}
			if err != nil || !cmp.Equal(w.read(again.AccessToken).Audience, []string{"orders"}) {
				t.Errorf("%v", err)
			}
		})
	}
}
