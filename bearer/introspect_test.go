package bearer_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/bearer/bearertest"
)

// TestIntrospection: an answer is held to what a token is held to.
func TestIntrospection(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	v, err := bearer.Config{Issuer: issuer.URL, Log: quiet, Introspection: &bearer.Introspection{ClientID: "orders", ClientSecret: "secret"}}.NewVerifier(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	opaque := func(c bearertest.Claims) string {
		all := bearertest.Claims{"aud": "orders"}
		for name, v := range c {
			all[name] = v
		}
		return issuer.Opaque(all)
	}
	revoked := opaque(nil)
	issuer.Revoke(revoked)
	for name, tt := range map[string]struct {
		token string
		want  error
	}{
		"granted":                {opaque(nil), nil},
		"by token_type":          {opaque(bearertest.Claims{"typ": nil, "token_type": "bearer"}), nil},
		"no exp":                 {opaque(bearertest.Claims{"exp": nil}), nil},
		"no issuer":              {opaque(bearertest.Claims{"iss": nil}), nil},
		"unknown":                {"nobody-knows-it", bearer.ErrInactive},
		"revoked":                {revoked, bearer.ErrInactive},
		"another audience":       {opaque(bearertest.Claims{"aud": "billing"}), bearer.ErrAudience},
		"no audience":            {opaque(bearertest.Claims{"aud": nil}), bearer.ErrAudience},
		"refresh token":          {opaque(bearertest.Claims{"typ": "Refresh"}), bearer.ErrType},
		"type unknown":           {opaque(bearertest.Claims{"typ": nil}), bearer.ErrType},
		"another issuer":         {opaque(bearertest.Claims{"iss": "https://other.example"}), bearer.ErrIssuer},
		"expired, active though": {opaque(bearertest.Claims{"exp": 1700000000}), bearer.ErrExpired},
		"not yet":                {opaque(bearertest.Claims{"nbf": 1 << 33}), bearer.ErrNotYet},
		"bound":                  {opaque(bearertest.Claims{"cnf": map[string]any{"jkt": "x"}}), bearer.ErrBound},
		"a JWT, by its key":      {issuer.Token(bearertest.Claims{"aud": "orders"}), nil},
	} {
		asked := issuer.Asked("/introspect")
		for range 2 {
			verify(t, v, tt.token, tt.want)
		}
		if n := issuer.Asked("/introspect") - asked; n > 1 && tt.want != bearer.ErrType && tt.want != bearer.ErrIssuer && tt.want != bearer.ErrNotYet || n == 1 && name == "a JWT, by its key" {
			t.Errorf("%s: asked %d times", name, n)
		}
	}
}

// TestIntrospectAlways: revoked tokens are refused within CacheFor, and while the issuer is down nobody is let in who is not
// known; what a token says itself is not widened.
func TestIntrospectAlways(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	synctest.Test(t, func(t *testing.T) {
		v, err := bearer.Config{Issuer: issuer.URL, HTTPClient: issuer.Client(), Log: quiet, Introspection: &bearer.Introspection{ClientID: "orders", Always: true}}.NewVerifier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		token := issuer.Token(day)
		verify(t, v, token, nil)
		issuer.Revoke(token)
		verify(t, v, token, nil) // for up to CacheFor
		time.Sleep(10 * time.Second)
		verify(t, v, token, bearer.ErrInactive)
		other := issuer.Token(day)
		issuer.Down()
		verify(t, v, other, bearer.ErrUnavailable)
		issuer.Up()
		verify(t, v, other, nil)
		verify(t, v, "a.b.c", bearer.ErrMalformed) // is not worth a question

		var all sync.WaitGroup
		asked, many := issuer.Asked("/introspect"), issuer.Token(day)
		for range 30 {
			all.Go(func() { verify(t, v, many, nil) })
		}
		all.Wait()
		if n := issuer.Asked("/introspect") - asked; n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
}

// TestIntrospectionDoesNotWiden: an answer that tells of more than the token does makes it no better.
func TestIntrospectionDoesNotWiden(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	client := issuer.Client()
	direct := client.Transport
	client.Transport = roundTrip(func(q *http.Request) (*http.Response, error) {
		if q.URL.Path == "/introspect" {
			if id, secret, ok := q.BasicAuth(); ok || id+secret != "" || q.FormValue("client_assertion") != "an-assertion" {
				t.Errorf("authenticated by %q %q, form %v", id, secret, q.Form)
			}
			return respond(`{"active":true,"typ":"Bearer","iss":"` + issuer.URL + `","sub":"alice","preferred_username":"alice","aud":["orders","billing"],"scope":"all",
				"realm_access":{"roles":["admin"]},"resource_access":{"orders":{"roles":["all"]}}}`), nil
		}
		return direct.RoundTrip(q)
	})
	v, err := bearer.Config{Issuer: issuer.URL, HTTPClient: client, Log: quiet, Introspection: &bearer.Introspection{Always: true,
		Authenticate: func(_ context.Context, endpoint string, form url.Values, _ http.Header) error {
			if endpoint != issuer.URL+"/introspect" {
				t.Errorf("endpoint %s", endpoint)
			}
			form.Set("client_assertion", "an-assertion")
			return nil
		}}}.NewVerifier(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	narrow := issuer.Token(bearertest.Claims{"aud": "orders", "scope": "some", "resource_access": map[string]any{"orders": map[string]any{"roles": []string{"read"}}}})
	c, err := v.Verify(t.Context(), narrow, "orders")
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.Audience, []string{"orders"}) || !slices.Equal(c.Scopes, []string{"some"}) || c.RealmRoles != nil || !c.HasClientRole("orders", "read") || c.HasClientRole("orders", "all") || c.Username != "alice" {
		t.Errorf("claims %+v", c)
	}
	var all struct {
		Audience string                    `json:"aud"`
		Realm    map[string]any            `json:"realm_access"`
		Clients  map[string]map[string]any `json:"resource_access"`
	}
	if err := c.Unmarshal(&all); err != nil || all.Audience != "orders" || all.Realm != nil || len(all.Clients["orders"]["roles"].([]any)) != 1 {
		t.Errorf("all claims %+v, %v", all, err)
	}
	if _, err := v.Verify(t.Context(), narrow, "billing"); !errors.Is(err, bearer.ErrAudience) {
		t.Errorf("billing: %v", err)
	}
	bound := issuer.Token(bearertest.Claims{"aud": "orders", "cnf": map[string]any{"jkt": "x"}})
	if _, err := v.Verify(t.Context(), bound, "orders"); !errors.Is(err, bearer.ErrBound) {
		t.Errorf("bound: %v", err)
	}
	light := issuer.Token(bearertest.Claims{"sub": nil})
	if c, err := v.Verify(t.Context(), light, "billing"); err != nil || !c.HasRealmRole("admin") || !c.HasScope("all") {
		t.Errorf("lightweight: %+v, %v", c, err)
	}
}

// TestIntrospectionLeavesTheTypeToTheToken: RFC 7662 §2.2 does not ask for a type in an answer, and a token that is signed has told its own.
func TestIntrospectionLeavesTheTypeToTheToken(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	client := issuer.Client()
	direct, said := client.Transport, ""
	client.Transport = roundTrip(func(q *http.Request) (*http.Response, error) {
		if q.URL.Path == "/introspect" {
			return respond(`{"active":true` + said + `}`), nil
		}
		return direct.RoundTrip(q)
	})
	v, err := bearer.Config{Issuer: issuer.URL, HTTPClient: client, Log: quiet, Introspection: &bearer.Introspection{ClientID: "orders", Always: true}}.NewVerifier(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	verify(t, v, issuer.Token(day), nil)
	verify(t, v, "opaque", bearer.ErrType)
	said = `,"typ":"Refresh"`
	verify(t, v, issuer.Token(day), bearer.ErrType)
}

// TestIntrospectionGivesUp: who never comes to authenticate the service holds up a token for as long as a fetch may take, and not for ever.
func TestIntrospectionGivesUp(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	synctest.Test(t, func(t *testing.T) {
		stuck := true
		v, err := bearer.Config{Issuer: issuer.URL, HTTPClient: issuer.Client(), Log: quiet, Introspection: &bearer.Introspection{Always: true,
			Authenticate: func(ctx context.Context, _ string, _ url.Values, _ http.Header) error {
				if stuck {
					<-ctx.Done()
				}
				return ctx.Err()
			}}}.NewVerifier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		patient, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		token := issuer.Token(day)
		if _, err := v.Verify(patient, token, "orders"); !errors.Is(err, bearer.ErrUnavailable) {
			t.Errorf("%v, want %v", err, bearer.ErrUnavailable)
		}
		stuck = false
		verify(t, v, token, nil)
	})
}

// TestIntrospectionMoves: where to ask is looked up again, also by a service whose tokens need no keys.
func TestIntrospectionMoves(t *testing.T) {
	issuer := bearertest.NewIssuer(t)
	synctest.Test(t, func(t *testing.T) {
		client, at := issuer.Client(), "/introspect"
		direct := client.Transport
		client.Transport = roundTrip(func(q *http.Request) (*http.Response, error) {
			switch q.URL.Path {
			case "/.well-known/openid-configuration":
				return respond(`{"issuer":"` + issuer.URL + `","jwks_uri":"` + issuer.URL + `/keys","introspection_endpoint":"` + issuer.URL + at + `"}`), nil
			case at:
				q.URL.Path = "/introspect"
			default:
				if q.URL.Path != "/keys" {
					q.URL.Path = "/gone"
				}
			}
			return direct.RoundTrip(q)
		})
		v, err := bearer.Config{Issuer: issuer.URL, HTTPClient: client, Log: quiet, Introspection: &bearer.Introspection{ClientID: "orders"}}.NewVerifier(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		token := issuer.Opaque(day)
		verify(t, v, token, nil)
		at = "/moved"
		time.Sleep(time.Minute)
		verify(t, v, token, bearer.ErrUnavailable)
		time.Sleep(time.Hour)
		verify(t, v, token, nil)
	})
}
