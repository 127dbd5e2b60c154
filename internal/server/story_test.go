package server_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// TestGatekeeperStory: a gatekeeper in front of my-app refuses every token, since none has my-app in
// aud. A client scope with an Audience mapper mends it, and so does a mapper of the client itself.
func TestGatekeeperStory(t *testing.T) {
	onEach(t, "gate.json", func(t *testing.T, s *server.Server, base string) {
		gate := newGatekeeper(t, base, "your-realm", "my-app")
		signIn := func(client string) string {
			return str(t, ask(t, base, "your-realm", 200, url.Values{"grant_type": {"password"}, "client_id": {client},
				"client_secret": {client + "-secret"}, "username": {"alice"}, "password": {"alice-password"}}), "access_token")
		}
		if got := gate.admits(signIn("my-app")); got != refusal {
			t.Fatalf("before the mapper: %s", got)
		}

		clients, scopes := managers(s)
		app := clientKey(t, s, "your-realm", "my-app")
		author := audit.Author{Now: time.Now(), NewID: uuid.NewString}
		scope, err := scopes.Create(t.Context(), author, "your-realm", keycloak.FromClientScope(&realm.ClientScope{Name: "good-service", Protocol: "openid-connect"}))
		if err != nil {
			t.Fatal(err)
		}
		mappers := &manage.Mappers{Store: s.Store()}
		_, err = mappers.Add(t.Context(), author, manage.Owner{Realm: "your-realm", Kind: realm.KindScope, Key: scope}, keycloak.FromMapper(realm.Mapper{
			Name: "my-app-audience", Kind: "oidc-audience-mapper", Protocol: "openid-connect", Config: map[string]string{
				"included.client.audience": "my-app", "access.token.claim": "true"}}))
		if err != nil {
			t.Fatal(err)
		}
		if got := gate.admits(signIn("my-app")); got != refusal {
			t.Fatalf("with a scope that is not assigned: %s", got)
		}
		if err := clients.AssignScope(t.Context(), author, "your-realm", app, scope, manage.Default); err != nil {
			t.Fatal(err)
		}
		if got := gate.admits(signIn("my-app")); got != "welcome alice" {
			t.Fatalf("with the scope: %s", got)
		}

		if got := gate.admits(signIn("other-app")); got != refusal {
			t.Fatalf("another client, without the scope: %s", got)
		}
		err = addMapper(t, s, "your-realm", "other-app", realm.Mapper{
			Name: "audience-mapping", Kind: "oidc-audience-mapper", Protocol: "openid-connect", Config: map[string]string{
				"included.client.audience": "my-app", "access.token.claim": "true", "id.token.claim": "false"}})
		if err != nil {
			t.Fatal(err)
		}
		if got := gate.admits(signIn("other-app")); got != "welcome alice" {
			t.Fatalf("another client, with a mapper of its own: %s", got)
		}
	})
}

// TestAudienceOfRolesStory: the audience of an access token is the clients whose roles it carries, and
// with the realm-audience mapper the realm itself, whose roles it carries too; never the client that
// asked for it.
func TestAudienceOfRolesStory(t *testing.T) {
	onEach(t, "photoz.json", func(t *testing.T, s *server.Server, base string) {
		issuer := base + "/realms/photoz"
		signIn := func() map[string]any {
			answer := ask(t, base, "photoz", 200, url.Values{"grant_type": {"password"}, "client_id": {"photoz-html5-client"},
				"username": {"alice"}, "password": {"alice-password"}})
			return claims(t, str(t, answer, "access_token"))
		}
		got := signIn()
		for _, changing := range []string{"jti", "exp", "iat", "sid", "sub"} {
			if got[changing] == nil {
				t.Errorf("no claim %q", changing)
			}
			delete(got, changing)
		}
		sortLists(got)
		want := map[string]any{
			"iss": issuer, "aud": []any{"account", "photoz-restful-api"}, "typ": "Bearer", "azp": "photoz-html5-client", "acr": "1",
			"allowed-origins": []any{"http://127.0.0.1:3000"},
			"realm_access":    map[string]any{"roles": []any{"user"}},
			"resource_access": map[string]any{
				"photoz-restful-api": map[string]any{"roles": []any{"manage-albums"}},
				"account":            map[string]any{"roles": []any{"manage-account", "manage-account-links"}},
			},
			"scope": got["scope"], // profile and email, in any order
			"name":  "Alice In Chains", "preferred_username": "alice", "given_name": "Alice", "family_name": "In Chains",
			"email": "alice@keycloak.org", "email_verified": true,
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("claims (-want +got):\n%s", d)
		}

		err := addMapper(t, s, "photoz", "photoz-html5-client", realm.Mapper{Name: "realm", Kind: "tokenhouse-realm-audience-mapper",
			Protocol: "openid-connect", Config: map[string]string{"access.token.claim": "true"}})
		if err != nil {
			t.Fatal(err)
		}
		got = signIn()
		sortLists(got)
		if d := cmp.Diff([]any{"account", issuer, "photoz-restful-api"}, got["aud"]); d != "" {
			t.Fatalf("aud with the realm-audience mapper (-want +got):\n%s", d)
		}
	})
}

// The bodies of the exchange examples, as written.
const (
	exampleForAPI = `grant_type=urn:ietf:params:oauth:grant-type:token-exchange&
subject_token=eyJhbG...&
subject_token_type=urn:ietf:params:oauth:token-type:access_token&
audience=api-service`

	exampleDownscope = `grant_type=urn:ietf:params:oauth:grant-type:token-exchange&
subject_token=eyJhbG...&
subject_token_type=urn:ietf:params:oauth:token-type:access_token&
scope=read-only&
requested_token_type=urn:ietf:params:oauth:token-type:access_token`
)

// TestFrontEndStory: a single-page application exchanges its own token, without a client_id, for one
// that the API takes; nothing else than what it was permitted.
func TestFrontEndStory(t *testing.T) {
	onEach(t, "myrealm.json", func(t *testing.T, _ *server.Server, base string) {
		api := newGatekeeper(t, base, "myrealm", "api-service")
		signIn := func(client, scope string) string {
			return str(t, ask(t, base, "myrealm", 200, url.Values{"grant_type": {"password"}, "client_id": {client}, "scope": {scope},
				"username": {"alice"}, "password": {"alice-password"}}), "access_token")
		}
		mine := signIn("myapp", "openid")
		if got := api.admits(mine); got != refusal {
			t.Errorf("the token of the front end at the API: %s", got)
		}

		t.Run("example 1", func(t *testing.T) {
			answer := post(t, base, "myrealm", 200, fill(exampleForAPI, mine), nil)
			exchanged := str(t, answer, "access_token")
			if got := api.admits(exchanged); got != "welcome " {
				t.Errorf("the exchanged token at the API: %s", got)
			}
			if answer["token_type"] != "Bearer" || answer["issued_token_type"] != "urn:ietf:params:oauth:token-type:access_token" {
				t.Errorf("answer %v", slices.Sorted(maps.Keys(answer)))
			}
			if answer["refresh_token"] != nil {
				t.Error("a public client got a refresh token by exchange")
			}
		})
		t.Run("example 1 with a bearer header", func(t *testing.T) {
			post(t, base, "myrealm", 200, fill(exampleForAPI, mine), http.Header{"Authorization": {"Bearer " + mine}})
		})
		t.Run("a bearer header of another token", func(t *testing.T) {
			other := signIn("myapp", "openid")
			refused(t, post(t, base, "myrealm", 400, fill(exampleForAPI, mine), http.Header{"Authorization": {"Bearer " + other}}), "invalid_request")
		})
		t.Run("a page of another origin", func(t *testing.T) {
			post(t, base, "myrealm", 403, fill(exampleForAPI, mine), http.Header{"Origin": {"https://evil.example"}})
			post(t, base, "myrealm", 200, fill(exampleForAPI, mine), http.Header{"Origin": {"http://localhost:3000"}})
		})
		t.Run("example 2", func(t *testing.T) {
			wide := signIn("myapp", "openid admin")
			if d := cmp.Diff([]any{"admin"}, roles(t, wide, "api-service")); d != "" {
				t.Fatalf("roles before (-want +got):\n%s", d)
			}
			narrow := str(t, post(t, base, "myrealm", 200, fill(exampleDownscope, wide), nil), "access_token")
			if d := cmp.Diff([]any{"read-only"}, roles(t, narrow, "api-service")); d != "" {
				t.Errorf("roles after (-want +got):\n%s", d)
			}
			if got := claims(t, narrow)["scope"]; got != "read-only" && got != "openid read-only" {
				t.Errorf("scope %q", got)
			}
		})
		t.Run("a target that is not permitted", func(t *testing.T) {
			answer := post(t, base, "myrealm", 403, strings.Replace(fill(exampleForAPI, mine), "audience=api-service", "audience=service-a", 1), nil)
			refused(t, answer, "access_denied")
			if got := answer["error_description"]; got != "Token exchange not permitted: client myapp may not exchange to service-a" {
				t.Errorf("description %q", got)
			}
		})
		t.Run("a front end that may not exchange", func(t *testing.T) {
			post(t, base, "myrealm", 401, fill(exampleForAPI, signIn("kiosk", "openid")), nil)
		})
		t.Run("a refresh token", func(t *testing.T) {
			post(t, base, "myrealm", 400, fill(exampleForAPI, mine)+"&requested_token_type=urn:ietf:params:oauth:token-type:refresh_token", nil)
		})
	})
}

// TestServicesStory: services that share a scope with several audiences call each other, each by
// exchanging its own token.
func TestServicesStory(t *testing.T) {
	onEach(t, "myrealm.json", func(t *testing.T, _ *server.Server, base string) {
		own := str(t, ask(t, base, "myrealm", 200, url.Values{"grant_type": {"client_credentials"},
			"client_id": {"service-a"}, "client_secret": {"service-a-secret"}}), "access_token")
		exchanged := str(t, ask(t, base, "myrealm", 200, url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "client_id": {"service-a"}, "client_secret": {"service-a-secret"},
			"subject_token": {own}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}, "audience": {"service-b"}}), "access_token")
		if d := cmp.Diff("service-b", claims(t, exchanged)["aud"]); d != "" {
			t.Errorf("aud (-want +got):\n%s", d)
		}
		if got := newGatekeeper(t, base, "myrealm", "service-c").admits(exchanged); got != refusal {
			t.Errorf("a token for service-b at service-c: %s", got)
		}
	})
}

// TestDelegatedStory: the lists "permitted" and "accepts" alone open the way from one service to
// another; each side can keep it shut.
func TestDelegatedStory(t *testing.T) {
	onEach(t, "myrealm.json", func(t *testing.T, _ *server.Server, base string) {
		subject := str(t, ask(t, base, "myrealm", 200, url.Values{"grant_type": {"password"}, "client_id": {"primary-service"},
			"client_secret": {"primary-service-secret"}, "username": {"alice"}, "password": {"alice-password"}}), "access_token")
		to := func(audience string, status int) map[string]any {
			return ask(t, base, "myrealm", status, url.Values{
				"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "client_id": {"primary-service"}, "client_secret": {"primary-service-secret"},
				"subject_token": {subject}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"}, "audience": {audience}})
		}
		if d := cmp.Diff("delegated-service", claims(t, str(t, to("delegated-service", 200), "access_token"))["aud"]); d != "" {
			t.Errorf("aud (-want +got):\n%s", d)
		}
		if got := to("strict-service", 403)["error_description"]; got != "Token exchange not permitted: strict-service does not accept exchanges from primary-service" {
			t.Errorf("description %q", got)
		}
		if got := to("service-b", 403)["error_description"]; got != "Token exchange not permitted: client primary-service may not exchange to service-b" {
			t.Errorf("description %q", got)
		}
	})
}

// onEach runs a story on each database, on a server that holds the realm of a file.
func onEach(t *testing.T, file string, story func(t *testing.T, s *server.Server, base string)) {
	text, err := os.ReadFile(filepath.Join("testdata/story", file))
	if err != nil {
		t.Fatal(err)
	}
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			s, base := start(t, db.open(t), map[string][]byte{file: text})
			story(t, s, base)
		})
	}
}

func managers(s *server.Server) (*manage.Clients, *manage.Scopes) {
	return &manage.Clients{Store: s.Store()},
		&manage.Scopes{Store: s.Store()}
}

// addMapper gives a client a protocol mapper of its own.
func addMapper(t *testing.T, s *server.Server, realmName, client string, m realm.Mapper) error {
	t.Helper()
	mappers := &manage.Mappers{Store: s.Store()}
	owner := manage.Owner{Realm: realmName, Kind: realm.KindClient, Key: clientKey(t, s, realmName, client)}
	_, err := mappers.Add(t.Context(), audit.Author{Now: time.Now(), NewID: uuid.NewString}, owner, keycloak.FromMapper(m))
	return err
}

func clientKey(t *testing.T, s *server.Server, realmName, id string) string {
	t.Helper()
	r, err := s.Store().Realm(t.Context(), realmName)
	if err != nil {
		t.Fatal(err)
	}
	return r.Client(id).Key
}

// refusal is what a gatekeeper says of a token that is for somebody else.
const refusal = "'aud' claim and 'client_id' do not match"

// gatekeeper is a resource server of somebody else's making: it knows the server's published keys,
// and nothing of its code.
type gatekeeper struct {
	keys     jose.JSONWebKeySet
	audience string
}

func newGatekeeper(t *testing.T, base, realmName, audience string) gatekeeper {
	t.Helper()
	resp, err := http.Get(base + "/realms/" + realmName + "/protocol/openid-connect/certs")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	g := gatekeeper{audience: audience}
	if err := json.NewDecoder(resp.Body).Decode(&g.keys); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g gatekeeper) admits(compact string) string {
	parsed, err := jwt.ParseSigned(compact, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return err.Error()
	}
	var who jwt.Claims
	var name struct {
		Username string `json:"preferred_username"`
	}
	if err := parsed.Claims(g.keys, &who, &name); err != nil {
		return err.Error()
	}
	if !who.Audience.Contains(g.audience) {
		return refusal
	}
	return "welcome " + name.Username
}

// fill puts a token in the place of an example's, and joins its lines.
func fill(example, subject string) string {
	return strings.NewReplacer("eyJhbG...", subject, "\n", "").Replace(example)
}

// ask posts a form to a realm's token endpoint and gives back the members of the answer.
func ask(t *testing.T, base, realmName string, status int, form url.Values) map[string]any {
	t.Helper()
	return post(t, base, realmName, status, form.Encode(), nil)
}

func post(t *testing.T, base, realmName string, status int, body string, header http.Header) map[string]any {
	t.Helper()
	q := httptest.NewRequest("POST", base+"/realms/"+realmName+"/protocol/openid-connect/token", strings.NewReader(body))
	q.RequestURI = ""
	maps.Copy(q.Header, header)
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		t.Fatalf("status %d, want %d: %v %v", resp.StatusCode, status, answer["error"], answer["error_description"])
	}
	return answer
}

func refused(t *testing.T, answer map[string]any, code string) {
	t.Helper()
	if answer["error"] != code {
		t.Errorf("error %q, want %q: %v", answer["error"], code, answer["error_description"])
	}
}

func str(t *testing.T, answer map[string]any, member string) string {
	t.Helper()
	s, ok := answer[member].(string)
	if !ok {
		t.Fatalf("no %s in the answer", member)
	}
	return s
}

// claims reads what a token says, without checking it.
func claims(t *testing.T, compact string) map[string]any {
	t.Helper()
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		t.Fatal("not a compact JWS")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(payload, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// roles are the roles of a client in a token.
func roles(t *testing.T, compact, client string) any {
	t.Helper()
	access, _ := claims(t, compact)["resource_access"].(map[string]any)
	of, _ := access[client].(map[string]any)
	return of["roles"]
}

// sortLists orders lists of strings, wherever they stand, whose order means nothing.
func sortLists(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			sortLists(inner)
		}
	case []any:
		slices.SortFunc(v, func(a, b any) int {
			x, _ := a.(string)
			y, _ := b.(string)
			return strings.Compare(x, y)
		})
	}
}
