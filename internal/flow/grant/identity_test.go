package grant_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/grant"
)

// asksIdentity asks for an identity assertion of an ID token.
func asksIdentity(client, idToken string) grant.ExchangeRequest {
	q := swap(client, idToken)
	q.SubjectTokenType, q.RequestedTokenType = ptr(string(oauth.TypeIDToken)), ptr(string(oauth.TypeIdentity))
	q.Audiences, q.Scope = []string{partner}, ptr("orders.read")
	return q
}

// madeOf is the way of exchanges behind what is made of an ID token, as JSON.
func madeOf(t *testing.T, idToken string) any {
	t.Helper()
	jws, err := token.Open(idToken)
	if err != nil {
		t.Fatal(err)
	}
	said, err := token.Parse(jws.Payload)
	if err != nil {
		t.Fatal(err)
	}
	return []any{map[string]any{"client": said.Client, "jti": said.ID, "sid": said.Session}}
}

// TestIdentityAssertions are made for clients, servers and scopes that are listed, of ID tokens of the client, and of
// nothing else.
func TestIdentityAssertions(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world, q *grant.ExchangeRequest)
		want   string
	}{
		"made": {},
		"switched off": {func(w *world, _ *grant.ExchangeRequest) {
			w.client("gateway", func(c *realm.Client) { c.Assertions.Issue = false })
		}, "Parameter 'subject_token' supports access tokens only"},
		"no subject": {func(_ *world, q *grant.ExchangeRequest) { q.SubjectToken = nil }, "Parameter 'subject_token' is required"},
		"said to be an access token": {func(_ *world, q *grant.ExchangeRequest) { q.SubjectTokenType = ptr(string(oauth.TypeAccessToken)) },
			"Parameter 'subject_token_type' must be urn:ietf:params:oauth:token-type:id_token"},
		"an access token": {func(w *world, q *grant.ExchangeRequest) {
			q.SubjectToken = ptr(w.signIn("gateway", "alice", "openid").AccessToken)
		}, "Invalid subject_token"},
		"expired":          {func(w *world, _ *grant.ExchangeRequest) { w.later(1 << 50) }, "Invalid subject_token"},
		"no audience":      {func(_ *world, q *grant.ExchangeRequest) { q.Audiences = nil }, "Parameter 'audience' is required"},
		"two audiences":    {func(_ *world, q *grant.ExchangeRequest) { q.Audiences = []string{partner, "x"} }, "Only a single 'audience' is supported for an Identity Assertion JWT"},
		"another audience": {func(_ *world, q *grant.ExchangeRequest) { q.Audiences = []string{partner + "/"} }, "Audience is not allowed for this client"},
		"two resources":    {func(_ *world, q *grant.ExchangeRequest) { q.Resources = []string{"urn:a", "urn:b"} }, "Only a single 'resource' is supported for an Identity Assertion JWT"},
		"another scope":    {func(_ *world, q *grant.ExchangeRequest) { q.Scope = ptr("orders.read orders.write") }, "Scope not allowed for an Identity Assertion JWT: orders.write"},
		"another client's token": {func(w *world, q *grant.ExchangeRequest) {
			q.SubjectToken = ptr(w.signIn("spa", "alice", "openid").IDToken)
		}, "subject_token was not issued to this client"},
		"no consent": {func(w *world, _ *grant.ExchangeRequest) {
			w.client("gateway", func(c *realm.Client) { c.ConsentRequired = true })
		}, "Missing consents for Token Exchange in client gateway"},
		"consent": {change: func(w *world, _ *grant.ExchangeRequest) {
			w.client("gateway", func(c *realm.Client) { c.ConsentRequired = true })
			gateway := w.realm().Client("gateway")
			w.user("alice", func(u *user.User) { u.Consents = []user.Consent{{Client: gateway.Key, Scopes: gateway.DefaultScopes}} })
		}},
		"too many exchanges": {func(w *world, _ *grant.ExchangeRequest) {
			w.settings(func(s *realm.Settings) { s.Exchange.ChainLimit = 0 })
		}, "Token exchange not permitted: chain limit of 0 reached"},
		"an actor token": {func(w *world, q *grant.ExchangeRequest) {
			q.ActorToken, q.ActorTokenType = ptr(w.signIn("gateway", "bob", "").AccessToken), ptr(string(oauth.TypeAccessToken))
		}, "Parameter 'actor_token' is not supported for an Identity Assertion JWT"},
		"an actor token's type alone": {func(_ *world, q *grant.ExchangeRequest) { q.ActorTokenType = ptr("") },
			"Parameter 'actor_token_type' is not supported for an Identity Assertion JWT"},
		"another user": {func(w *world, q *grant.ExchangeRequest) {
			w.client("gateway", func(c *realm.Client) { c.Exchange.Enabled = false }) // else told of as by every exchange
			q.RequestedSubject = ptr("bob")
		}, "Parameter 'requested_subject' is not supported for an Identity Assertion JWT"},
		"a token that names who may act": {func(w *world, q *grant.ExchangeRequest) {
			w.client("gateway", mayAct("bob"))
			q.SubjectToken = ptr(w.signIn("gateway", "alice", "openid").IDToken)
		}, "Token exchange not permitted: the subject token names who may act, and no actor token came"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.client("gateway", func(c *realm.Client) {
				c.DirectAccess = true
				c.Assertions = realm.ClientAssertions{Issue: true, Audiences: []string{partner}, Scopes: []string{"orders.read"}, ClientID: "shop-gateway"}
			})
			q := asksIdentity("gateway", w.signIn("gateway", "alice", "openid").IDToken)
			if c.change != nil {
				c.change(w, &q)
			}
			resp, err := w.Exchange(t.Context(), q)
			if c.want != "" {
				if no, ok := errors.AsType[*oauth.Error](err); !ok || no.Description != c.want {
					t.Fatalf("%v, want %s", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			jws, err := token.Open(resp.AccessToken)
			if err != nil {
				t.Fatal(err)
			}
			var got map[string]any
			if err := json.Unmarshal(jws.Payload, &got); err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"iss": base + "/realms/shop", "sub": "alice", "aud": partner, "client_id": "shop-gateway", "scope": "orders.read",
				"iat": float64(noon.Unix()), "exp": float64(noon.Unix() + 300), "jti": got["jti"], "exchange_path": madeOf(t, *q.SubjectToken)}
			if d := cmp.Diff(want, got); d != "" || jws.Header.Typ != oauth.HeaderIdentity {
				t.Errorf("typ %q (-want +got):\n%s", jws.Header.Typ, d)
			}
			if resp.TokenType != "N_A" || resp.IssuedTokenType != string(oauth.TypeIdentity) || resp.ExpiresIn != 300 || resp.RefreshToken != "" {
				t.Errorf("%+v", resp)
			}
			if _, err := w.Exchange(t.Context(), swap("gateway", resp.AccessToken)); err == nil {
				t.Error("it is taken for an access token")
			}
		})
	}
}
