package realmfile_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// TestOldFiles brings what older versions called otherwise up to date.
func TestOldFiles(t *testing.T) {
	b, err := buildData([]byte(`{"realm": "old", "defaultRoles": ["member"],
		"applications": [{"name": "shop", "defaultRoles": ["buyer"], "directGrantsOnly": true}],
		"oauthClients": [{"name": "partner"}],
		"clientTemplates": [{"name": "my template", "protocol": "openid-connect", "protocolMappers": [
			{"name": "m", "protocol": "openid-connect", "protocolMapper": "oidc-full-name-mapper", "consentRequired": true, "consentText": "x", "config": {"id.token.claim": "true"}}]}],
		"clients": [{"clientId": "templated", "clientTemplate": "my template", "useTemplateScope": true, "publicClient": "true"}],
		"roles": {"application": {"shop": [{"name": "clerk", "composites": {"application": {"shop": ["seller"]}}}, {"name": "seller"}]}},
		"applicationScopeMappings": {"shop": [{"clientTemplate": "my template", "roles": ["clerk"]}]},
		"social": true, "socialProviders": {"google.key": "k", "google.secret": "s"},
		"users": [{"username": "ann", "applicationRoles": {"shop": ["seller", "made here"]}, "requiredActions": ["terms_and_conditions"],
			"socialLinks": [{"socialProvider": "google", "socialUserId": "1", "socialUsername": "a"}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r := b.Draft.Realm()
	shop, partner, templated, scope := r.Client("shop"), r.Client("partner"), r.Client("templated"), r.Scope("my_template")
	if shop == nil || shop.StandardFlow || !shop.DirectAccess {
		t.Errorf("application: %+v", shop)
	}
	if partner == nil || !partner.ConsentRequired || partner.FullScope {
		t.Errorf("OAuth client: %+v", partner)
	}
	if scope == nil || scope.Mappers[0].Config["userinfo.token.claim"] != "true" || len(scope.ScopeMappings) != 1 {
		t.Fatalf("template: %+v", scope)
	}
	if !slices.Contains(templated.DefaultScopes, scope.Key) || !templated.Public {
		t.Errorf("client with a template: %+v", templated)
	}
	byDefault := &realm.RoleSet{}
	r.Expand(byDefault, r.DefaultRole)
	for _, ref := range []realm.RoleRef{{Name: "member"}, {Client: "shop", Name: "buyer"}} {
		if role := r.Role(ref); role == nil || !byDefault.Has(role) {
			t.Errorf("%s is no default role", ref)
		}
	}
	if p := r.Provider("google"); p == nil || p.Config["clientId"] != "k" || p.ClientSecret != "s" {
		t.Errorf("social provider: %+v", p)
	}
	ann := b.users[0].User
	if len(ann.Roles) != 2 || len(ann.Links) != 1 || ann.Links[0].Provider != "google" || ann.RequiredActions[0] != "TERMS_AND_CONDITIONS" || ann.Enabled {
		t.Errorf("user: %+v", ann)
	}
}

// TestRefusedByKeycloak builds the two files of the collection that Keycloak itself does not import,
// and reports what it stumbles over.
func TestRefusedByKeycloak(t *testing.T) {
	for file, want := range map[string][]string{
		"arxiv-localhost-26.1.2.json": {"components.org.keycloak.storage.UserStorageProvider: kept, not acted on"},
		"authz-12.0.4.json":           {"clients[7].authorizationSettings: kept, not acted on"},
	} {
		b := build(t, filepath.Join("..", "testdata", "wild", file))
		var notes []string
		for _, n := range b.Notes {
			notes = append(notes, n.String())
		}
		for _, note := range want {
			if !slices.Contains(notes, note) {
				t.Errorf("%s: no note %q in\n%s", file, note, strings.Join(notes, "\n"))
			}
		}
	}
}

// TestVersions adds what versions brought since to files of before, and leaves files alone that name
// no version.
func TestVersions(t *testing.T) {
	const file = `{"realm": "x", VERSION "clientScopes": [{"name": "own", "protocol": "openid-connect"}],
		"clients": [{"clientId": "app", "defaultClientScopes": ["own", "missing"]}, {"clientId": "api", "bearerOnly": true, "defaultClientScopes": []}],
		"requiredActions": [{"alias": "CONFIGURE_TOTP", "priority": 10}, {"alias": "UPDATE_PASSWORD", "priority": 30}, {"alias": "VERIFY_EMAIL", "priority": 50}]}`
	for version, want := range map[string]string{
		"":                             "own",
		`"keycloakVersion": "17.0.1",`: "own acr basic",
		`"keycloakVersion": "24.0.3",`: "own basic",
		`"keycloakVersion": "26.7.3",`: "own",
	} {
		b, err := buildData([]byte(strings.Replace(file, "VERSION", version, 1)))
		if err != nil {
			t.Fatal(err)
		}
		r := b.Draft.Realm()
		var names []string
		for _, key := range r.Client("app").DefaultScopes {
			names = append(names, r.ScopeByKey(key).Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: app has %s, want %s", version, got, want)
		}
		if scopes := r.Client("api").DefaultScopes; len(scopes) != 0 {
			t.Errorf("%s: a client that only receives tokens has %v", version, scopes)
		}
		if moved := strings.Contains(string(r.Extra["requiredActions"]), `"priority":54`); moved != (version != "" && !strings.Contains(version, "26.7")) {
			t.Errorf("%s: required actions moved: %v", version, moved)
		}
	}
}

// FuzzBuild gives the reader anything: it may refuse, it may not fail otherwise, and what it takes it
// writes in a form that it takes again.
func FuzzBuild(f *testing.F) {
	for _, seed := range []string{`{"realm":"x"}`, `[{"realm":"x"},{"realm":"y"}]`, `{"realm":"x","users":[{"username":"u","credentials":[{"type":"password","value":"v"}]}]}`,
		`{"realm":"${A:b}","clients":[{"clientId":"c","attributes":{"access.token.lifespan":"x"},"protocolMappers":[{"name":"m"}]}]}`,
		`{"realm":"x","roles":{"realm":[{"name":"a","composites":{"realm":["a"]}}],"client":{"account":[{"name":"view-profile"}]}}}`,
		`{"realm":"x","groups":[{"name":"g","subGroups":[{"name":"h","realmRoles":["r"]}]}],"defaultGroups":["g/h"]}`,
		`{"realm":"x","components":{"org.keycloak.keys.KeyProvider":[{"providerId":"hmac-generated","config":{"secret":["AA"]}}]}}`,
		`{"realm":"x","clientScopes":[],"scopeMappings":[{"clientScope":"offline_access","roles":["r"]}]}`} {
		f.Add([]byte(seed))
	}
	for _, file := range []string{"quickstart-jaxrs.json"} {
		data, err := os.ReadFile(filepath.Join("..", "testdata", "wild", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := buildData(data)
		if err != nil {
			return
		}
		text, err := json.Marshal(b.out)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := buildData(text); err != nil {
			t.Errorf("taken once, and not again: %v\n%s", err, text)
		}
	})
}
