package inspect_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// as are the credentials of a client with its own secret.
func as(id string) verify.Credentials {
	return verify.Credentials{ID: &id, Secret: ptr(id + "-secret")}
}

func ask(caller, compact string) inspect.IntrospectRequest {
	return inspect.IntrospectRequest{Realm: "shop", Base: base, Credentials: as(caller), Token: &compact}
}

// introspect gives the members of the answer.
func (w *world) introspect(q inspect.IntrospectRequest) map[string]any {
	w.t.Helper()
	answer, err := w.inspector().Introspect(w.t.Context(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	return members(w.t, answer.AppendJSON(nil))
}

var inactive = map[string]any{"active": false}

func TestIntrospect(t *testing.T) {
	w := newWorld(t)
	got := w.introspect(ask("orders", w.sign(nil)))
	want := map[string]any{
		"active": true, "jti": "onrtro:1", "typ": "Bearer", "token_type": "Bearer", "iss": base + "/realms/shop",
		"sub": "alice-id", "azp": "spa", "client_id": "spa", "sid": "s1", "scope": "openid profile", "username": "alice",
		"aud": []any{"orders", "billing", "gateway"}, "iat": float64(now.Unix() - 10), "exp": float64(now.Unix() + 60),
		"given_name": "Alice",
		"resource_access": map[string]any{
			"orders":  map[string]any{"roles": []any{"read"}},
			"billing": map[string]any{"roles": []any{"read"}},
			"gateway": map[string]any{"roles": []any{"read"}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	ev := w.last()
	if ev.Kind != event.IntrospectToken || ev.Client != "orders" || ev.UserID != "alice-id" || ev.Session != "s1" || ev.Error != "" ||
		ev.Get("token_id") != "onrtro:1" || ev.Get("token_type") != "Bearer" || ev.Get("token_issued_for") != "spa" {
		t.Errorf("event %+v", ev)
	}
}

// Values are those of now, not those of when the token was issued.
func TestIntrospectRunsMappersAgain(t *testing.T) {
	w := newWorld(t)
	compact := w.sign(nil)
	w.changeAlice(func(u *user.User) { u.FirstName = "Alicia" })
	if got := w.introspect(ask("orders", compact)); got["given_name"] != "Alicia" {
		t.Errorf("given_name = %v", got["given_name"])
	}
	w.change("spa", func(c *realm.Client) {
		c.Mappers = append(c.Mappers, mapper("oidc-audience-mapper", map[string]string{"included.client.audience": "crm"}))
	})
	got := w.introspect(ask("orders", compact))
	if diff := cmp.Diff([]any{"orders", "billing", "gateway", "crm"}, got["aud"]); diff != "" {
		t.Errorf("aud (-want +got):\n%s", diff)
	}
	if got := w.introspect(ask("crm", compact)); !cmp.Equal(got, inactive) {
		t.Errorf("the token's own audience has no crm, and yet it hears %v", got)
	}
	bare := w.sign(func(c *token.Claims) { c.Audience = nil })
	if got := w.introspect(ask("crm", bare)); got["active"] != true {
		t.Errorf("a token without an audience has that of now, and yet crm hears %v", got)
	}
}

func TestIntrospectRefuses(t *testing.T) {
	w := newWorld(t)
	good := w.sign(nil)
	type answer struct {
		Status      int
		Code        oauth.Code
		Description string
	}
	const generic = "Invalid client or Invalid client credentials"
	tests := map[string]struct {
		change func(q *inspect.IntrospectRequest)
		want   answer
		event  string
	}{
		"wrong secret":      {func(q *inspect.IntrospectRequest) { q.Credentials.Secret = ptr("wrong") }, answer{401, "invalid_client", "Client authentication failed."}, "invalid_client_credentials"},
		"no secret":         {func(q *inspect.IntrospectRequest) { q.Credentials.Secret = nil }, answer{401, "invalid_client", "Client authentication failed."}, "invalid_client_credentials"},
		"unknown caller":    {func(q *inspect.IntrospectRequest) { q.Credentials = as("nobody") }, answer{401, "invalid_client", generic}, "client_not_found"},
		"no caller":         {func(q *inspect.IntrospectRequest) { q.Credentials = verify.Credentials{} }, answer{401, "invalid_client", generic}, "client_not_found"},
		"disabled caller":   {func(q *inspect.IntrospectRequest) { q.Credentials = as("closed") }, answer{401, "invalid_client", generic}, "client_disabled"},
		"public caller":     {func(q *inspect.IntrospectRequest) { q.Credentials = as("spa") }, answer{403, "invalid_request", "Client not allowed."}, "invalid_request"},
		"no token":          {func(q *inspect.IntrospectRequest) { q.Token = nil }, answer{400, "invalid_request", "Token not provided."}, "invalid_request"},
		"a parameter twice": {func(q *inspect.IntrospectRequest) { q.Repeated = true }, answer{400, "invalid_request", "duplicated parameter"}, "invalid_request"},
		"unknown hint":      {func(q *inspect.IntrospectRequest) { q.Hint = ptr("magic") }, answer{400, "invalid_request", "Unsupported token type."}, "invalid_request"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q := ask("orders", good)
			tt.change(&q)
			_, err := w.inspector().Introspect(t.Context(), q)
			var e *oauth.Error
			if !errors.As(err, &e) {
				t.Fatalf("err = %v", err)
			}
			if diff := cmp.Diff(tt.want, answer{e.Status, e.Code, e.Description}); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if ev := w.last(); ev.Kind != event.IntrospectToken.Failed() || ev.Error != tt.event {
				t.Errorf("event %s %q, want %q", ev.Kind, ev.Error, tt.event)
			}
		})
	}
	if got := w.introspect(ask("bearer", good)); !cmp.Equal(got, inactive) { // proven, but in no audience
		t.Errorf("bearer-only caller hears %v", got)
	}
}

func TestIntrospectHints(t *testing.T) {
	w := newWorld(t)
	w.change("orders", func(c *realm.Client) { c.Tokens.IntrospectAnyone = true })
	access := w.sign(nil)
	refresh := w.sign(func(c *token.Claims) { c.ID, c.Type, c.Audience = "r1", token.TypRefresh, []string{c.Issuer} })
	id := w.sign(func(c *token.Claims) { c.ID, c.Type = "i1", token.TypID })
	tests := map[string]struct {
		compact string
		hint    *string
		active  bool
	}{
		"access token":                  {access, nil, true},
		"access token as what it is":    {access, ptr("access_token"), true},
		"access token as refresh token": {access, ptr("refresh_token"), false},
		"refresh token":                 {refresh, nil, true},
		"refresh token as what it is":   {refresh, ptr("refresh_token"), true},
		"refresh token as access token": {refresh, ptr("access_token"), true},
		"refresh token with permission": {refresh, ptr("requesting_party_token"), false},
		"ID token":                      {id, nil, false},
		"ID token as access token":      {id, ptr("access_token"), false},
		"empty":                         {"", nil, false},
		"garbage":                       {"garbage", nil, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			q := ask("orders", tt.compact)
			q.Hint = tt.hint
			got := w.introspect(q)
			if got["active"] != tt.active || !tt.active && !cmp.Equal(got, inactive) {
				t.Errorf("answer %v", got)
			}
		})
	}
	q := ask("orders", access)
	q.Hint = ptr("requesting_party_token")
	want := map[string]any{"active": true, "jti": "onrtro:1", "typ": "Bearer", "aud": []any{"orders", "billing", "gateway"},
		"iat": float64(now.Unix() - 10), "exp": float64(now.Unix() + 60)}
	if diff := cmp.Diff(want, w.introspect(q)); diff != "" {
		t.Errorf("as a token with permissions (-want +got):\n%s", diff)
	}
}

func TestIntrospectAsJWT(t *testing.T) {
	w := newWorld(t)
	q := ask("orders", w.sign(nil))
	q.JWT = true
	if got := w.introspect(q); got["jwt"] != nil {
		t.Error("a client that may not gets a JWT")
	}
	w.change("orders", func(c *realm.Client) { c.Tokens.IntrospectJWT = true })
	jwt, _ := w.introspect(q)["jwt"].(string)
	said, err := w.keys.Verify(w.realm(), jwt)
	if err != nil {
		t.Fatalf("jwt %q: %v", jwt, err)
	}
	if said.ID != "onrtro:1" || said.Other.Get("given_name") != "Alice" || said.Other.Get("active") != nil || said.Other.Get("username") != nil {
		t.Errorf("the JWT says %+v", said.Claims)
	}
	q.JWT = false
	if got := w.introspect(q); got["jwt"] != nil || got["active"] != true {
		t.Errorf("not asked for: %v", got)
	}
}

// TestAttack plays what went wrong in other products, each refusal beside what is granted.
func TestAttack(t *testing.T) {
	t.Run("T08 the caller's audience", func(t *testing.T) {
		w := newWorld(t)
		compact := w.sign(nil)
		if got := w.introspect(ask("orders", compact)); got["active"] != true {
			t.Errorf("in the audience: %v", got)
		}
		if got := w.introspect(ask("crm", compact)); !cmp.Equal(got, inactive) {
			t.Errorf("outside: %v", got)
		}
		if ev := w.last(); ev.Error != "invalid_token" || ev.Get("reason") != "Client 'crm' is not in the token audience" {
			t.Errorf("event %+v", ev)
		}
		w.change("crm", func(c *realm.Client) { c.Tokens.IntrospectAnyone = true })
		if got := w.introspect(ask("crm", compact)); got["active"] != true {
			t.Errorf("allowed to: %v", got)
		}
	})

	// Whatever is wrong with a token, and in whatever form the answer is asked for, nothing of it is told.
	t.Run("T09 an inactive token says nothing", func(t *testing.T) {
		w := newWorld(t)
		for _, id := range []string{"orders", "crm"} {
			w.change(id, func(c *realm.Client) { c.Tokens.IntrospectJWT = true })
		}
		w.change("orders", func(c *realm.Client) { c.Tokens.IntrospectAnyone = true })
		if err := w.store.Revoke(t.Context(), "realm-key", "onrtro:revoked", now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		fallen := map[string]struct{ caller, compact string }{
			"expired":         {"orders", w.sign(func(c *token.Claims) { c.Expires = now.Unix() })},
			"revoked":         {"orders", w.sign(func(c *token.Claims) { c.ID = "onrtro:revoked" })},
			"session over":    {"orders", w.sign(func(c *token.Claims) { c.Session = "s2" })},
			"unknown client":  {"orders", w.sign(func(c *token.Claims) { c.Client = "nobody" })},
			"disabled client": {"orders", w.sign(func(c *token.Claims) { c.Client = "closed" })},
			"outside":         {"crm", w.sign(nil)},
			"broken":          {"orders", w.sign(nil) + "x"},
		}
		for name, f := range fallen {
			for _, jwt := range []bool{false, true} {
				for _, hint := range []*string{nil, ptr("access_token"), ptr("refresh_token"), ptr("requesting_party_token")} {
					q := ask(f.caller, f.compact)
					q.JWT, q.Hint = jwt, hint
					if got := w.introspect(q); !cmp.Equal(got, inactive) {
						t.Errorf("%s: %v", name, got)
					}
				}
			}
		}
		q := ask("orders", w.sign(nil))
		q.JWT = true
		if got := w.introspect(q); got["jwt"] == nil || got["active"] != true {
			t.Errorf("a good token: %v", got)
		}
	})

	// What counts is who calls, not whom the token was issued to; with every switch of the caller on and off.
	t.Run("T10 the issued-to client has no exemption", func(t *testing.T) {
		for _, anyone := range []bool{false, true} {
			for _, jwt := range []bool{false, true} {
				w := newWorld(t)
				w.change("gateway", func(c *realm.Client) { c.Tokens.IntrospectAnyone, c.Tokens.IntrospectJWT = anyone, jwt })
				own := w.sign(func(c *token.Claims) { c.Client, c.Audience = "gateway", []string{"orders"} })
				if got := w.introspect(ask("gateway", own)); (got["active"] == true) != anyone {
					t.Errorf("check off %v, JWT %v: %v", anyone, jwt, got)
				}
				named := w.sign(func(c *token.Claims) { c.Client, c.Audience = "gateway", []string{"gateway"} })
				if got := w.introspect(ask("gateway", named)); got["active"] != true {
					t.Errorf("named in the audience, check off %v, JWT %v: %v", anyone, jwt, got)
				}
			}
		}
	})

	t.Run("T13 introspection says what the token says", func(t *testing.T) {
		w := newWorld(t)
		got := w.introspect(ask("orders", w.sign(func(c *token.Claims) {
			c.Actor = &token.Actor{Subject: "robot", Issuer: "https://elsewhere.example", Actor: &token.Actor{Subject: "first", Issuer: "https://elsewhere.example"}}
			c.MayAct = &token.Actor{Subject: "other"}
			c.Path = []token.Hop{{Client: "spa", JTI: "onrtro:0"}}
			c.Confirmation = &token.Confirmation{JKT: "thumbprint"}
		})))
		want := map[string]any{
			"act":           map[string]any{"sub": "robot", "iss": "https://elsewhere.example", "act": map[string]any{"sub": "first", "iss": "https://elsewhere.example"}},
			"may_act":       map[string]any{"sub": "other"},
			"exchange_path": []any{map[string]any{"client": "spa", "jti": "onrtro:0"}},
		}
		for name, value := range want {
			if diff := cmp.Diff(value, got[name]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
		if got["cnf"] == nil {
			t.Error("cnf is left out")
		}
	})

	t.Run("T32 one audience or a list", func(t *testing.T) {
		w := newWorld(t)
		for _, audience := range [][]string{{"orders"}, {"orders", "billing"}, {"billing"}, {"orders billing"}, {"Orders"}} {
			compact := w.sign(func(c *token.Claims) { c.Audience = audience })
			want := audience[0] == "orders"
			if got := w.introspect(ask("orders", compact)); (got["active"] == true) != want {
				t.Errorf("aud %q: %v", audience, got)
			}
		}
	})
}

// The access token of a refresh says by its path that it was exchanged. One without a path was not, whatever else its
// client got by exchanges in the same session.
func TestIntrospectOfANarrowedTokenThatWasRefreshed(t *testing.T) {
	w := newWorld(t)
	g, err := w.store.Grant(t.Context(), "realm-key", "s1", "k-gateway", false)
	if err != nil {
		t.Fatal(err)
	}
	exchanged := *g
	exchanged.Sources = map[string]string{"k-spa": "onrtro:0"}
	if err := w.store.Refresh(t.Context(), "realm-key", *g, exchanged); err != nil {
		t.Fatal(err)
	}
	refreshed := func(path ...token.Hop) map[string]any {
		return w.introspect(ask("orders", w.sign(func(c *token.Claims) {
			c.ID, c.Client, c.Audience, c.Path = "onrtrt:1", "gateway", []string{"orders"}, path
			c.Other = token.Object{{Name: "resource_access", Value: token.Object{{Name: "orders", Value: token.Object{{Name: "roles", Value: []string{"read"}}}}}}}
		})))
	}
	if got := refreshed(); len(got["resource_access"].(map[string]any)) != 3 {
		t.Errorf("not exchanged: %v", got["resource_access"])
	}
	got := refreshed(token.Hop{Client: "spa", JTI: "onrtro:0"})
	want := map[string]any{"orders": map[string]any{"roles": []any{"read"}}}
	if diff := cmp.Diff(want, got["resource_access"]); diff != "" || got["aud"] != "orders" {
		t.Errorf("exchanged: aud %v, resource_access (-want +got):\n%s", got["aud"], diff)
	}
}

// What an exchange took from a token, introspection does not give back.
func TestIntrospectOfANarrowedToken(t *testing.T) {
	roles := func(clients ...string) token.Object {
		var access token.Object
		for _, c := range clients {
			access.Set([]string{"read"}, c, "roles")
		}
		return token.Object{{Name: "resource_access", Value: access}}
	}
	exchanged := func(aud []string, with ...string) func(c *token.Claims) {
		return func(c *token.Claims) {
			c.ID, c.Client, c.Audience, c.Other = "ntrtte:1", "gateway", aud, roles(with...)
		}
	}
	tests := map[string]struct {
		token   func(c *token.Claims)
		aud     any
		clients []string
	}{
		"narrowed to one":            {exchanged([]string{"orders"}, "orders"), "orders", []string{"orders"}},
		"narrowed to two":            {exchanged([]string{"orders", "billing"}, "orders", "billing"), []any{"orders", "billing"}, []string{"billing", "orders"}},
		"not narrowed, with its own": {exchanged([]string{"orders", "billing"}, "orders", "billing", "gateway"), []any{"orders", "billing"}, []string{"billing", "gateway", "orders"}},
		"not exchanged":              {func(c *token.Claims) { c.Audience = []string{"orders"} }, []any{"orders", "billing", "gateway"}, []string{"billing", "gateway", "orders"}},
		"narrowed lineage of a refresh": {func(c *token.Claims) {
			exchanged([]string{"orders"}, "orders")(c)
			c.ID, c.Path = "onrtrt:1", []token.Hop{{Client: "spa", JTI: "a"}}
		}, "orders", []string{"orders"}},
		"lightweight, narrowed": {func(c *token.Claims) {
			c.ID, c.Client, c.Audience, c.RequestedAudience = "ntltte:1", "gateway", []string{"orders"}, []string{"orders"}
		}, "orders", []string{"orders"}},
		"lightweight, not narrowed": {func(c *token.Claims) {
			c.ID, c.Client, c.Audience = "ntltte:1", "gateway", []string{"orders"}
		}, []any{"orders", "billing"}, []string{"billing", "gateway", "orders"}},
		"narrowed, roles that are gone":  {exchanged([]string{"orders"}), "orders", []string{"orders"}},
		"exchanged and without audience": {exchanged(nil), []any{"billing", "orders"}, []string{"billing", "gateway", "orders"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.change("orders", func(c *realm.Client) { c.Tokens.IntrospectAnyone = true })
			got := w.introspect(ask("orders", w.sign(tt.token)))
			if diff := cmp.Diff(tt.aud, got["aud"]); diff != "" {
				t.Errorf("aud (-want +got):\n%s", diff)
			}
			access, _ := got["resource_access"].(map[string]any)
			want := map[string]bool{}
			for _, c := range tt.clients {
				want[c] = true
			}
			for c := range access {
				if !want[c] {
					t.Errorf("roles of %s", c)
				}
				delete(want, c)
			}
			if len(want) > 0 {
				t.Errorf("no roles of %v", fmt.Sprint(want))
			}
		})
	}
}
