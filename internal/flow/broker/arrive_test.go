package broker_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/broker"
)

// TestKnownUser comes back signed in, with what the provider says of them now.
func TestKnownUser(t *testing.T) {
	each(t, "", func(t *testing.T, h *house) {
		b := h.browser()
		o := b.come("ben-there", map[string]any{"given_name": "Benjamin", "email": "ann@club.test", "email_verified": true})
		if !h.code(o) {
			t.Fatalf("%+v: %s", o, h.last())
		}
		ben := h.account("ben")
		if ben.FirstName != "Benjamin" {
			t.Errorf("the name is %q", ben.FirstName)
		}
		if ben.Email != "ben@club.test" {
			t.Errorf("ben got the address of somebody else: %q", ben.Email)
		}
		if h.last() != "LOGIN " || h.events[len(h.events)-1].Get("identity_provider_identity") != "ben-there" {
			t.Errorf("%+v", h.events[len(h.events)-1])
		}
		sent := h.sent[0].Form
		if sent.Get("code_verifier") == "" || sent.Get("redirect_uri") != base+"/realms/club/broker/up/endpoint" {
			t.Errorf("the code was redeemed with %v", sent)
		}
		r, _ := h.store.Realm(t.Context(), "club")
		origin, err := h.store.Origin(t.Context(), r.Key, parameters(t, o.Redirect).Get("session_state"))
		if err != nil || origin.Provider != "up" || origin.Subject != "ben-there" || origin.SID != "sid-of-ben-there" {
			t.Errorf("%+v, %v", origin, err)
		}
		if kept, err := h.store.ProviderToken(t.Context(), r.Key, "ben", "up"); err != nil || !strings.Contains(string(kept), `"access_token":"at"`) {
			t.Errorf("kept %q, %v", kept, err)
		}
	})
}

// TestAnswersThatDoNotFit sign nobody in.
func TestAnswersThatDoNotFit(t *testing.T) {
	foreign, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	unsigned := func(claims map[string]any) string {
		text, _ := json.Marshal(claims)
		return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(text) + "."
	}
	public, err := json.Marshal(jose.JSONWebKey{Key: upKey().Public()})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		claims map[string]any
		sign   func(claims map[string]any) string
	}{
		"another nonce":         {claims: map[string]any{"nonce": "another"}},
		"no nonce":              {claims: map[string]any{"nonce": ""}},
		"another issuer":        {claims: map[string]any{"iss": "https://other.test"}},
		"for another client":    {claims: map[string]any{"aud": "somebody"}},
		"issued to another":     {claims: map[string]any{"aud": []string{"club", "somebody"}, "azp": "somebody"}},
		"expired":               {claims: map[string]any{"exp": 1000}},
		"no subject":            {claims: map[string]any{"sub": ""}},
		"unsigned":              {sign: unsigned},
		"another key":           {sign: func(c map[string]any) string { return signed(t, jose.ES256, foreign, c) }},
		"MAC by the public key": {sign: func(c map[string]any) string { return signed(t, jose.HS256, public, c) }},
		"MAC by the client's secret": {sign: func(c map[string]any) string {
			return signed(t, jose.HS256, []byte(strings.Repeat("s3cret", 6)), c)
		}},
		"no ID token": {sign: func(map[string]any) string { return "" }},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, sqlite(t), "")
			if c.sign != nil {
				h.alg = c.sign
			}
			b := h.browser()
			o := b.come("ben-there", c.claims)
			if o.Status != 502 || text(o) != "identityProviderUnexpectedErrorMessage" || h.last() != "IDENTITY_PROVIDER_LOGIN_ERROR identity_provider_login_failure" {
				t.Errorf("%+v; %s", o, h.last())
			}
			if b.cookies["KEYCLOAK_IDENTITY"] != "" {
				t.Error("somebody is signed in")
			}
		})
	}
}

// TestStates are good once, in the tab that they were made for, at the provider that was asked.
func TestStates(t *testing.T) {
	h := newHouse(t, sqlite(t), "")
	mine, theirs := h.browser(), h.browser()
	q := mine.leave("up")
	state := q.Get("state")
	theirs.leave("up")
	h.codes["c"] = h.claims(q, "ben-there", nil)

	if o := theirs.arrive("up", "state", state, "code", "c"); h.code(o) {
		t.Error("another browser is signed in by the state")
	}
	if o := mine.arrive("other", "state", state, "code", "c"); text(o) != "login-login-page-expired" {
		t.Errorf("another provider answers: %+v", o)
	}
	if o := mine.arrive("up", "state", "x"+state, "code", "c"); text(o) != "login-login-page-expired" {
		t.Errorf("a state that is nearly right: %+v", o)
	}
	for _, made := range []string{"a.b.c", "....", "", "made-up"} {
		if o := mine.arrive("up", "state", made, "code", "c"); o.Status != 400 || o.Page.(page.Error).ID == "" {
			t.Errorf("state %q: %+v", made, o)
		}
	}
	if o := mine.arrive("up", "code", "c"); o.Status != 400 || text(o) != "identityProviderMissingStateMessage" {
		t.Errorf("no state: %+v", o)
	}
	if o := mine.arrive("up", "state", state, "code", "c"); !h.code(o) {
		t.Errorf("the state is good no more: %+v", o)
	}
	h.codes["c"] = h.claims(q, "ben-there", nil)
	again := mine.arrive("up", "state", state, "code", "c")
	if h.code(again) || parameters(t, again.Redirect).Get("error_description") != "authentication_expired" {
		t.Errorf("the state is good twice: %+v", again)
	}
}

// TestAnswerOfAnotherIssuer: the parameter iss says who answers (RFC 9207).
func TestAnswerOfAnotherIssuer(t *testing.T) {
	for iss, want := range map[string]bool{"https://up.test": true, "https://other.test": false, "": false} {
		h := newHouse(t, sqlite(t), "")
		b := h.browser()
		q := b.leave("up")
		h.codes["c"] = h.claims(q, "ben-there", nil)
		o := b.arrive("up", "state", q.Get("state"), "code", "c", "iss", iss)
		if h.code(o) != want {
			t.Errorf("iss %q: %+v", iss, o)
		}
		if _, left := h.codes["c"]; left == want {
			t.Errorf("iss %q: the code was sent: %t", iss, !left)
		}
	}
}

// TestErrorsOfTheProvider lead back to the sign-in page.
func TestErrorsOfTheProvider(t *testing.T) {
	h := newHouse(t, sqlite(t), "")
	for failure, want := range map[string]string{"access_denied": "accessDeniedMessage", "server_error": "identityProviderUnexpectedErrorMessage"} {
		b := h.browser()
		o := b.arrive("up", "state", b.leave("up").Get("state"), "error", failure)
		if p, ok := o.Page.(page.Login); !ok || p.Notice.Text.Key != want {
			t.Errorf("%s: %+v", failure, o)
		}
	}
	b := h.browser()
	if o := b.arrive("up", "state", b.leave("up").Get("state")); o.Status != 400 || text(o) != "identityProviderMissingCodeOrErrorMessage" {
		t.Errorf("neither code nor error: %+v", o)
	}
	if o := b.arrive("up", "state", b.leave("up").Get("state"), "code", "nobody's"); o.Status != 502 {
		t.Errorf("a code of nobody: %+v", o)
	}
}

// TestProviderSwitchedOff is refused at each step, however far one has come.
func TestProviderSwitchedOff(t *testing.T) {
	off := func(p *realm.Provider) { p.Enabled = false }
	t.Run("before the browser leaves", func(t *testing.T) {
		h := newHouse(t, sqlite(t), "")
		b := h.browser()
		to := b.begin("kc_idp_hint", "up").Redirect
		h.configure("up", off)
		if o := b.login("up", to); o.Status != 404 {
			t.Errorf("%+v", o)
		}
	})
	t.Run("while it is away", func(t *testing.T) {
		h := newHouse(t, sqlite(t), "")
		b := h.browser()
		q := b.leave("up")
		h.configure("up", off)
		_, err := h.Arrive(t.Context(), broker.Arrival{Call: b.call(), Alias: "up", Query: url.Values{"state": {q.Get("state")}, "code": {"c"}}})
		if absent, ok := errors.AsType[*fault.NotFound](err); !ok || absent.Message != "Identity Provider [up] not found." {
			t.Errorf("%v", err)
		}
	})
	t.Run("for linking only while it is away", func(t *testing.T) {
		h := newHouse(t, sqlite(t), "")
		b := h.browser()
		q := b.leave("up")
		h.codes["c"] = h.claims(q, "ben-there", nil)
		h.configure("up", func(p *realm.Provider) { p.LinkOnly = true })
		if o := b.arrive("up", "state", q.Get("state"), "code", "c"); h.code(o) || o.Status != 400 {
			t.Errorf("%+v", o)
		}
	})
	t.Run("before the first login", func(t *testing.T) {
		h := newHouse(t, sqlite(t), "")
		b := h.browser()
		o := b.come("new", map[string]any{"email": "new@club.test", "given_name": "N", "family_name": "W"})
		h.configure("up", off)
		if o := b.follow(o); o.Status != 400 || h.account("new") != nil {
			t.Errorf("%+v", o)
		}
	})
	t.Run("after it", func(t *testing.T) {
		h := newHouse(t, sqlite(t), "")
		b := h.browser()
		o := b.come("new", map[string]any{"email": "new@club.test", "given_name": "N", "family_name": "W"})
		o = b.got(h.sign.Continue(t.Context(), continued(t, b, o.Redirect)))
		h.configure("up", off)
		if o := b.follow(o); h.code(o) || o.Status != 400 {
			t.Errorf("%+v", o)
		}
	})
}

// TestWhoMayNotSignIn does not by a provider either.
func TestWhoMayNotSignIn(t *testing.T) {
	h := newHouse(t, sqlite(t), "")
	if o := h.browser().come("gone-there", nil); h.code(o) || h.last() != "IDENTITY_PROVIDER_LOGIN_ERROR user_disabled" {
		t.Errorf("%+v; %s", o, h.last())
	}
}

// TestOffered are the providers that people can sign in by, and no others.
func TestOffered(t *testing.T) {
	h := newHouse(t, sqlite(t), "")
	p, ok := h.browser().begin().Page.(page.Login)
	if !ok || len(p.Providers) != 2 || p.Providers[0].Name != "other" || p.Providers[1].Name != "Upstream" {
		t.Fatalf("%+v", p.Providers)
	}
	for _, alias := range []string{"off", "links", "paper", "nowhere"} {
		b := h.browser()
		if _, ok := b.begin("kc_idp_hint", alias).Page.(page.Login); !ok {
			t.Errorf("a hint of %q leads away", alias)
		}
		code := parameters(t, b.begin().Page.(page.Login).Providers[1].URL)
		if o := b.login(alias, "?"+code.Encode()); o.Redirect != "" || o.Status < 400 || o.Status >= 500 {
			t.Errorf("%s: %+v", alias, o)
		}
	}
	h.configure("up", func(p *realm.Provider) { p.HideOnLogin = true })
	if p := h.browser().begin().Page.(page.Login); len(p.Providers) != 1 {
		t.Errorf("hidden: %+v", p.Providers)
	}
	if o := h.browser().begin("kc_idp_hint", "up"); o.Status != 303 {
		t.Errorf("a hint of a hidden one: %+v", o)
	}
}

// TestLinkWithoutItsCode leads to the page, not to the provider: no other site can send a browser there.
func TestLinkWithoutItsCode(t *testing.T) {
	h := newHouse(t, sqlite(t), "")
	b := h.browser()
	q := parameters(t, b.begin().Page.(page.Login).Providers[1].URL)
	q.Set("session_code", "guessed")
	if o := b.login("up", "?"+q.Encode()); !strings.HasPrefix(o.Redirect, base+"/realms/club/login-actions/authenticate") {
		t.Errorf("%+v", o)
	}
}

// TestDefaultProvider is where the realm leads everybody to, but for who comes back with an error.
func TestDefaultProvider(t *testing.T) {
	h := newHouse(t, sqlite(t), `"browserFlow": "ours", "authenticationFlows": [{"alias": "ours", "providerId": "basic-flow", "topLevel": true, "authenticationExecutions": [
		{"authenticator": "identity-provider-redirector", "requirement": "ALTERNATIVE", "priority": 1, "authenticatorConfig": "to up"},
		{"authenticator": "auth-username-password-form", "requirement": "ALTERNATIVE", "priority": 2}]}],
		"authenticatorConfig": [{"alias": "to up", "config": {"defaultProvider": "up"}}],`)
	b := h.browser()
	o := b.begin()
	if o.Status != 303 || !strings.HasPrefix(o.Redirect, base+"/realms/club/broker/up/login?") {
		t.Fatalf("%+v", o)
	}
	back := b.arrive("up", "state", parameters(t, b.login("up", o.Redirect).Redirect).Get("state"), "error", "access_denied")
	if _, ok := back.Page.(page.Login); !ok {
		t.Errorf("%+v", back)
	}
	h.configure("up", func(p *realm.Provider) { p.Enabled = false })
	if _, ok := h.browser().begin().Page.(page.Login); !ok {
		t.Error("it leads to a provider that is off")
	}
}

// TestSignedOutByTheProvider ends the sessions that a logout token names.
func TestSignedOutByTheProvider(t *testing.T) {
	events := map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}
	for name, c := range map[string]struct {
		change map[string]any // nil values go
		sign   func(t *testing.T, c map[string]any) string
		want   string
		ends   bool
	}{
		"by session":         {ends: true, change: map[string]any{"sub": nil}},
		"by subject":         {ends: true, change: map[string]any{"sid": nil}},
		"both":               {ends: true},
		"another session":    {change: map[string]any{"sid": "another"}},
		"another's session":  {change: map[string]any{"sub": "another"}},
		"neither":            {change: map[string]any{"sub": nil, "sid": nil}, want: "Missing claims in logout token"},
		"another issuer":     {change: map[string]any{"iss": "https://other.test"}},
		"an unknown issuer":  {change: map[string]any{"iss": "https://evil.test"}, want: "No Identity Provider has been found"},
		"for another client": {change: map[string]any{"aud": "somebody"}, want: "No Identity Provider has been found"},
		"an ID token":        {change: map[string]any{"events": nil}, want: "The LogoutToken event claim is not as expected"},
		"another event":      {change: map[string]any{"events": map[string]any{"other": map[string]any{}}}, want: "The LogoutToken event claim is not as expected"},
		"a nonce":            {change: map[string]any{"nonce": "n"}, want: "The LogoutToken contains nonce claim which is not allowed"},
		"no id":              {change: map[string]any{"jti": nil}, want: "The LogoutToken doesn't contain jti claim"},
		"no time":            {change: map[string]any{"iat": nil}, want: "The LogoutToken doesn't contain iat claim"},
		"an old copy":        {change: map[string]any{"iat": 1000}, want: "The LogoutToken is too old"},
		"unsigned": {want: "LogoutToken verification with identity provider failed", sign: func(t *testing.T, c map[string]any) string {
			text, _ := json.Marshal(c)
			return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + base64.RawURLEncoding.EncodeToString(text) + "."
		}},
		"no token": {want: "The decode of the logoutToken failed", sign: func(*testing.T, map[string]any) string { return "abc" }},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, sqlite(t), "")
			in := h.browser().come("ben-there", nil)
			id := parameters(t, in.Redirect).Get("session_state")
			claims := map[string]any{"iss": "https://up.test", "aud": "club", "sub": "ben-there", "sid": "sid-of-ben-there", "iat": h.now.Unix(), "jti": "j", "events": events}
			for name, value := range c.change {
				if claims[name] = value; value == nil {
					delete(claims, name)
				}
			}
			compact := ""
			if c.sign != nil {
				compact = c.sign(t, claims)
			} else {
				compact = signed(t, jose.ES256, upKey(), claims)
			}
			r, _ := h.store.Realm(t.Context(), "club")
			ask := broker.LogoutTokenRequest{Realm: r, Base: base, Token: &compact}
			got := ""
			if err := h.SignedOut(t.Context(), ask); err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, c.want) || c.want == "" && got != "" {
				t.Errorf("said %q, want %q", got, c.want)
			}
			_, err := h.store.Session(t.Context(), r.Key, id, false)
			if ended := errors.Is(err, fault.ErrNotFound); ended != c.ends || len(h.told) > 0 != c.ends {
				t.Errorf("the session ended: %t (%v); told %v", ended, err, h.told)
			}
			if c.ends {
				if err := h.SignedOut(t.Context(), ask); err == nil {
					t.Error("the token is good twice")
				}
			}
		})
	}
}

// TestLogoutURL leads to the provider that a session came from.
func TestLogoutURL(t *testing.T) {
	h := newHouse(t, sqlite(t), "")
	in := h.browser().come("ben-there", nil)
	r, _ := h.store.Realm(t.Context(), "club")
	s := &session.Session{ID: parameters(t, in.Redirect).Get("session_state")}
	to, err := h.LogoutURL(t.Context(), at(h, r), s, "st")
	q := parameters(t, to)
	if err != nil || !strings.HasPrefix(to, "https://up.test/logout?") || q.Get("state") != "st" || q.Get("id_token_hint") == "" ||
		q.Get("post_logout_redirect_uri") != base+"/realms/club/broker/up/endpoint/logout_response" {
		t.Errorf("%s, %v", to, err)
	}
	h.configure("up", func(p *realm.Provider) { p.Enabled = false })
	r, _ = h.store.Realm(t.Context(), "club")
	if to, err := h.LogoutURL(t.Context(), at(h, r), s, "st"); to != "" || err != nil {
		t.Errorf("of a provider that is off: %s, %v", to, err)
	}
	if to, err := h.LogoutURL(t.Context(), at(h, r), &session.Session{ID: "local"}, "st"); to != "" || err != nil {
		t.Errorf("of who signed in here: %s, %v", to, err)
	}
}
