package inspect_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
)

func bearer(compact string) inspect.UserInfoRequest {
	return inspect.UserInfoRequest{Realm: "shop", Base: base, Authorization: "Bearer " + compact}
}

func TestUserInfo(t *testing.T) {
	w := newWorld(t)
	good := w.sign(nil)
	tests := map[string]inspect.UserInfoRequest{
		"header":            bearer(good),
		"lower-case scheme": {Realm: "shop", Base: base, Authorization: "bearer " + good},
		"form":              {Realm: "shop", Base: base, Form: &good},
		"form beside Basic": {Realm: "shop", Base: base, Form: &good, Authorization: "Basic eDp5"},
		"allowed origin":    {Realm: "shop", Base: base, Authorization: "Bearer " + good, Origin: "https://shop.example"},
	}
	for name, q := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := w.inspector().UserInfo(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"sub": "alice-id", "given_name": "Alice", "resource_access": map[string]any{
				"orders":  map[string]any{"roles": []any{"read"}},
				"billing": map[string]any{"roles": []any{"read"}},
				"gateway": map[string]any{"roles": []any{"read"}},
			}}
			if diff := cmp.Diff(want, members(t, got.Claims.AppendJSON(nil))); diff != "" || got.JWT != "" {
				t.Errorf("answer %q (-want +got):\n%s", got.JWT, diff)
			}
			ev := w.last()
			if ev.Kind != event.UserInfoRequest || ev.Client != "spa" || ev.UserID != "alice-id" || ev.Session != "s1" ||
				ev.Get("auth_method") != "validate_access_token" || ev.Get("signature_required") != "false" || ev.Get("username") != "alice" {
				t.Errorf("event %+v", ev)
			}
		})
	}
}

func TestUserInfoSigned(t *testing.T) {
	w := newWorld(t)
	w.change("spa", func(c *realm.Client) { c.Tokens.UserInfoAlg = "ES256" })
	got, err := w.inspector().UserInfo(t.Context(), bearer(w.sign(nil)))
	if err != nil {
		t.Fatal(err)
	}
	said, err := w.keys.Verify(w.realm(), got.JWT)
	if err != nil {
		t.Fatal(err)
	}
	if said.Issuer != base+"/realms/shop" || said.Subject != "alice-id" || !cmp.Equal(said.Audience, []string{"spa"}) ||
		said.Other.Get("given_name") != "Alice" || said.Expires != 0 || said.Type != "" {
		t.Errorf("the JWT says %+v", said.Claims)
	}
	if ev := w.last(); ev.Get("signature_required") != "true" || ev.Get("signature_algorithm") != "ES256" {
		t.Errorf("event %+v", ev)
	}
	if _, err := w.inspector().UserInfo(t.Context(), bearer(got.JWT)); err == nil {
		t.Error("the answer itself is taken as an access token")
	}
}

func TestUserInfoRefuses(t *testing.T) {
	w := newWorld(t)
	good := w.sign(nil)
	type answer struct {
		Status      int
		Code        oauth.Code
		Description string
	}
	var (
		needed    = answer{401, "", ""}
		failed    = answer{401, "invalid_token", "Token verification failed"}
		noSession = answer{401, "invalid_token", "user_session_not_found"}
		noOpenID  = answer{403, "insufficient_scope", "Missing openid scope"}
		elsewhere = answer{403, "Invalid origin", ""}
	)
	token2 := func(change func(c *token.Claims)) inspect.UserInfoRequest { return bearer(w.sign(change)) }
	tests := map[string]struct {
		q     inspect.UserInfoRequest
		want  answer
		event string
	}{
		"no token":          {inspect.UserInfoRequest{}, needed, "invalid_token"},
		"empty bearer":      {bearer(""), needed, "invalid_token"},
		"Basic":             {inspect.UserInfoRequest{Authorization: "Basic eDp5"}, needed, "invalid_token"},
		"empty form":        {inspect.UserInfoRequest{Form: ptr("")}, failed, "invalid_token"},
		"header and form":   {inspect.UserInfoRequest{Authorization: "Bearer " + good, Form: &good}, answer{400, "invalid_request", "More than one method used for including an access token"}, "invalid_request"},
		"form twice":        {inspect.UserInfoRequest{Form: &good, Repeated: true}, answer{400, "invalid_request", "Duplicate parameter"}, "invalid_request"},
		"garbage":           {bearer("garbage"), failed, "invalid_token"},
		"broken signature":  {bearer(good + "x"), failed, "invalid_token"},
		"refresh token":     {token2(func(c *token.Claims) { c.Type = token.TypRefresh }), failed, "invalid_token"},
		"ID token":          {token2(func(c *token.Claims) { c.Type = token.TypID }), failed, "invalid_token"},
		"expired":           {token2(func(c *token.Claims) { c.Expires = now.Unix() }), failed, "invalid_token"},
		"another realm":     {token2(func(c *token.Claims) { c.Issuer = base + "/realms/other" }), failed, "invalid_token"},
		"no openid":         {token2(func(c *token.Claims) { c.Scope = ptr("profile openids") }), noOpenID, "access_denied"},
		"no scope":          {token2(func(c *token.Claims) { c.Scope = nil }), noOpenID, "access_denied"},
		"session over":      {token2(func(c *token.Claims) { c.Session = "s2" }), noSession, "user_session_not_found"},
		"no part in it":     {token2(func(c *token.Claims) { c.Client = "crm" }), noSession, "user_session_not_found"},
		"disabled client":   {token2(func(c *token.Claims) { c.Client = "closed" }), answer{401, "invalid_token", "Client disabled"}, "client_disabled"},
		"unknown client":    {token2(func(c *token.Claims) { c.Client = "nobody" }), failed, "client_not_found"},
		"lightweight":       {token2(func(c *token.Claims) { c.ID = "onltro:1" }), answer{401, "invalid_token", "Lightweight access token not allowed for userinfo endpoint"}, "invalid_token"},
		"bound to a key":    {token2(func(c *token.Claims) { c.Confirmation = &token.Confirmation{JKT: "x"} }), failed, "invalid_token"},
		"another origin":    {inspect.UserInfoRequest{Authorization: "Bearer " + good, Origin: "https://elsewhere.example"}, elsewhere, "invalid_request"},
		"garbage, any page": {inspect.UserInfoRequest{Authorization: "Bearer garbage", Origin: "https://elsewhere.example"}, failed, "invalid_token"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			tt.q.Realm, tt.q.Base = "shop", base
			_, err := w.inspector().UserInfo(t.Context(), tt.q)
			var e *oauth.Error
			if !errors.As(err, &e) {
				t.Fatalf("err = %v", err)
			}
			if diff := cmp.Diff(tt.want, answer{e.Status, e.Code, e.Description}); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if ev := w.last(); ev.Kind != event.UserInfoRequest.Failed() || ev.Error != tt.event {
				t.Errorf("event %s %q, want %q", ev.Kind, ev.Error, tt.event)
			}
		})
	}

	w.change("spa", func(c *realm.Client) { c.Tokens.UserInfoLightweight = true })
	if _, err := w.inspector().UserInfo(t.Context(), token2(func(c *token.Claims) { c.ID = "onltro:1" })); err != nil {
		t.Errorf("lightweight, where the client allows it: %v", err)
	}
	w.changeAlice(func(u *user.User) { u.Enabled = false })
	var e *oauth.Error
	if _, err := w.inspector().UserInfo(t.Context(), bearer(good)); !errors.As(err, &e) || e.Description != "User disabled" {
		t.Errorf("disabled user: %v", err)
	}
	if err := w.store.DeleteUser(t.Context(), "realm-key", "alice-id", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := w.inspector().UserInfo(t.Context(), bearer(good)); !errors.As(err, &e) || e.Description != "user_session_not_found" {
		t.Errorf("deleted user: %v", err)
	}
}
