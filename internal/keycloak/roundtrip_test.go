package keycloak_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// recorded reads the answers that Keycloak gave to a question, of all files.
func recorded(t *testing.T, question string) []any {
	t.Helper()
	files, err := filepath.Glob("testdata/recorded/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("recordings are missing: %v", err)
	}
	var out []any
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var answers map[string]any
		if err := json.Unmarshal(data, &answers); err != nil {
			t.Fatal(err)
		}
		list, _ := answers[question].([]any)
		out = append(out, list...)
	}
	return out
}

// object checks a representation and gives it back as functions take it.
func object(t testing.TB, kind string, v any) keycloak.Object {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	checked, err := keycloak.Check(kind, data)
	if err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	var o keycloak.Object
	if err := json.Unmarshal(checked, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func plain(t testing.TB, o keycloak.Object) map[string]any {
	t.Helper()
	data, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// withScopes is a realm that has client scopes of these names, each its own key.
func withScopes(names ...any) *realm.Realm {
	d := realm.New("k", realm.Settings{Name: "r"})
	for _, name := range names {
		d.PutScope(&realm.ClientScope{Key: name.(string), Name: name.(string), Protocol: "openid-connect"})
	}
	return d.Realm()
}

// TestRecordedClients reads each client that Keycloak ever showed, and writes it as it was.
func TestRecordedClients(t *testing.T) {
	clients := recorded(t, "clients")
	if len(clients) < 50 {
		t.Fatalf("only %d clients", len(clients))
	}
	for _, v := range clients {
		want := v.(map[string]any)
		for _, name := range []string{"secret", "notBefore"} { // placeholders in recordings
			if _, ok := want[name].(string); ok {
				want[name] = map[string]any{"secret": "s", "notBefore": 0}[name]
			}
		}
		o := object(t, "Client", want)
		delete(want, "access")
		delete(want["attributes"].(map[string]any), "realm_client") // the realm says that
		r := withScopes(append(want["defaultClientScopes"].([]any), want["optionalClientScopes"].([]any)...)...)
		c, notes := keycloak.ToClient(r, o)
		if err := keycloak.Refused(notes); err != nil {
			t.Errorf("%s: %v", want["clientId"], err)
		}
		got := plain(t, keycloak.FromClient(r, c))
		delete(got["attributes"].(map[string]any), "realm_client")
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", want["clientId"], d)
		}
	}
}

// TestRecordedScopes does so with client scopes.
func TestRecordedScopes(t *testing.T) {
	for _, v := range recorded(t, "client scopes") {
		want := v.(map[string]any)
		s, _ := keycloak.ToClientScope(object(t, "ClientScope", want))
		if d := cmp.Diff(want, plain(t, keycloak.FromClientScope(s))); d != "" {
			t.Errorf("%s: %s", want["name"], d)
		}
	}
}

// TestRecordedRoles does so with roles; what a composite role includes is not in its representation.
func TestRecordedRoles(t *testing.T) {
	for _, v := range recorded(t, "realm roles") {
		want := v.(map[string]any)
		r := realm.New(want["containerId"].(string), realm.Settings{}).Realm()
		role := keycloak.ToRole(object(t, "Role", want), "")
		if want["composite"] == true {
			role.Composites = []string{"something"}
		}
		if d := cmp.Diff(want, plain(t, keycloak.FromRole(r, role))); d != "" {
			t.Errorf("%s: %s", want["name"], d)
		}
	}
}

// TestNothingLost reads everything that the realm files in the wild hold, and finds each member of it
// in what is written again. What is left out on purpose is named here.
func TestNothingLost(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.Contains(file, "recorded") {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatal(err)
		}
		for _, provider := range list(v["identityProviders"]) {
			p, _ := keycloak.ToProvider(object(t, "IdentityProvider", provider))
			contains(t, file+" provider", provider, plain(t, keycloak.FromProvider(p)))
		}
		for _, scope := range list(v["clientScopes"]) {
			s, _ := keycloak.ToClientScope(object(t, "ClientScope", scope))
			contains(t, file+" scope", scope, plain(t, keycloak.FromClientScope(s)))
		}
		for _, client := range list(v["clients"]) {
			r := realm.New("k", realm.Settings{Name: "x"}).Realm()
			c, _ := keycloak.ToClient(r, object(t, "Client", client))
			contains(t, file+" client", without(client, "defaultClientScopes", "optionalClientScopes"), plain(t, keycloak.FromClient(r, c)))
		}
		s, _ := keycloak.ToSettings(object(t, "Realm", without(v, "users")))
		r := realm.New("k", s).Realm()
		contains(t, file, without(v, "users", "id", "clients", "clientScopes", "roles", "groups", "identityProviders", "defaultRole", "defaultRoles",
			"defaultGroups", "defaultDefaultClientScopes", "defaultOptionalClientScopes", "scopeMappings", "clientScopeMappings", "components"),
			plain(t, keycloak.FromSettings(r)))
	}
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

func without(v any, names ...string) map[string]any {
	out := map[string]any{}
	for name, value := range v.(map[string]any) {
		out[name] = value
	}
	for _, name := range names {
		delete(out, name)
	}
	return out
}

// dropped are members that are left out: mappers ask for no consent of their own, empty settings are
// none, and whether a client manages the realm is the realm's to say.
var dropped = map[string]bool{"consentRequired": true, "consentText": true, "realm_client": true}

// contains looks for everything that want has in got.
func contains(t *testing.T, path string, want, got any) {
	t.Helper()
	switch w := want.(type) {
	case map[string]any:
		g, _ := got.(map[string]any)
		for name, value := range w {
			if !dropped[name] && value != nil && !(value == "" && strings.HasSuffix(path, "config")) {
				contains(t, path+"."+name, value, g[name])
			}
		}
	case []any:
		g, _ := got.([]any) // an empty list of mappers is none
		if len(g) != len(w) {
			t.Errorf("%s: %v became %v", path, want, got)
			return
		}
		for i := range w {
			contains(t, path, w[i], g[i])
		}
	default:
		if !reflect.DeepEqual(want, got) {
			t.Errorf("%s: %v became %v", path, want, got)
		}
	}
}

// TestAttributes draws settings of clients in any spelling: what is written says the same, and writing
// it again changes nothing.
func TestAttributes(t *testing.T) {
	names := []string{"access.token.lifespan", "client.session.idle.timeout", "use.refresh.tokens", "standard.token.exchange.enabled",
		"standard.token.exchange.enableRefreshRequestedTokenType", "tokenhouse.exchange.permitted", "tokenhouse.exchange.accepts",
		"tokenhouse.exchange.public", "tokenhouse.resources", "post.logout.redirect.uris", "jwks.url", "my.own"}
	values := []string{"", "true", "false", "TRUE", "yes", "0", "-1", "60", "060", "SAME_SESSION", "NO", "##", "a", "a##b", " a ## b", "https://a.example", "+"}
	r := withScopes()
	rapid.Check(t, func(t *rapid.T) {
		attributes := rapid.MapOf(rapid.SampledFrom(names), rapid.SampledFrom(values)).Draw(t, "attributes")
		o := keycloak.Object{}
		o.Put("clientId", "c")
		o.Put("attributes", attributes)
		c, _ := keycloak.ToClient(r, o)
		written := keycloak.FromClient(r, c)
		again, _ := keycloak.ToClient(r, written)
		c.Extra, again.Extra = nil, nil
		if d := cmp.Diff(c, again, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("says something else: %s", d)
		}
		got := keycloak.Value[map[string]string](written, "attributes")
		delete(got, "realm_client")
		if d := cmp.Diff(attributes, got); d != "" {
			t.Errorf("spelled otherwise: %s", d)
		}
	})
}

// TestAttributeChanges writes what core says where that differs from the spelling that was kept.
func TestAttributeChanges(t *testing.T) {
	o := keycloak.Object{}
	o.Put("clientId", "c")
	o.Put("attributes", map[string]string{"standard.token.exchange.enabled": "False", "access.token.lifespan": "060", "tokenhouse.exchange.permitted": "", "use.jwks.url": "maybe"})
	r := withScopes()
	c, notes := keycloak.ToClient(r, o)
	if keycloak.Refused(notes) != nil {
		t.Error("a setting of Keycloak's that does not parse was refused")
	}
	c.Exchange.Enabled, c.Tokens.Lifespan.Value, c.Exchange.Permitted, c.UseJWKSURL = true, time.Minute+time.Second, nil, true
	got := keycloak.Value[map[string]string](keycloak.FromClient(r, c), "attributes")
	want := map[string]string{"standard.token.exchange.enabled": "true", "access.token.lifespan": "61", "use.jwks.url": "true", "realm_client": "false"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}

	fresh := realm.Client{ID: "c", Exchange: realm.ClientExchange{Permitted: &[]string{}}}
	if got := keycloak.Value[map[string]string](keycloak.FromClient(r, &fresh), "attributes")["tokenhouse.exchange.permitted"]; got != "##" {
		t.Errorf("nobody permitted is written %q", got)
	}
}

// TestRetention reads how long events are kept: a member says it of events, an attribute of admin events.
func TestRetention(t *testing.T) {
	o := keycloak.Object{}
	o.Put("eventsExpiration", 60)
	o.Put("attributes", map[string]string{"adminEventsExpiration": "120"})
	s, _ := keycloak.ToSettings(o)
	if s.Events.Expiration != time.Minute || s.Events.AdminExpiration != 2*time.Minute {
		t.Errorf("events for %s, admin events for %s", s.Events.Expiration, s.Events.AdminExpiration)
	}
	if s, _ := keycloak.ToSettings(keycloak.Object{}); s.Events.Expiration != 0 || s.Events.AdminExpiration != 0 {
		t.Errorf("not set: events for %s, admin events for %s", s.Events.Expiration, s.Events.AdminExpiration)
	}
}

// TestRefused refuses settings of ours that do not parse.
func TestRefused(t *testing.T) {
	for name, value := range map[string]string{"tokenhouse.exchange.public": "yes", "tokenhouse.resources": "not absolute", "tokenhouse.exchange.external": "1"} {
		o := keycloak.Object{}
		o.Put("attributes", map[string]string{name: value})
		_, notes := keycloak.ToClient(withScopes(), o)
		if err := keycloak.Refused(notes); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), value) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	for name, value := range map[string]string{"tokenhouse.exchange.chain-limit": "-2", "tokenhouse.exchange.unlisted": "perhaps", "tokenhouse.events.trace": "some", "tokenhouse.exchange.downscope": "on",
		"tokenhouse.limit.token.client": "100 per minute", "tokenhouse.limit.introspection.address": "0/10s"} {
		o := keycloak.Object{}
		o.Put("attributes", map[string]string{name: value})
		_, notes := keycloak.ToSettings(o)
		if err := keycloak.Refused(notes); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), value) {
			t.Errorf("%s=%s: %v", name, value, err)
		}
	}
	o := keycloak.Object{}
	o.Put("providerId", "oidc")
	o.Put("config", map[string]string{"tokenhouse.exchange.trusted": "much"})
	if _, notes := keycloak.ToProvider(o); keycloak.Refused(notes) == nil {
		t.Error("a provider trusted \"much\" was not refused")
	}
}

// TestLimits reads limits and gives them back, in the spelling that they came in.
func TestLimits(t *testing.T) {
	o := keycloak.Object{}
	want := map[string]string{"tokenhouse.limit.token.client": "100/10s", "tokenhouse.limit.exchange.user": "60/60s", "tokenhouse.limit.introspection.address": "9/1h"}
	o.Put("attributes", want)
	s, notes := keycloak.ToSettings(o)
	if len(notes) > 0 {
		t.Errorf("notes: %v", notes)
	}
	var limits realm.Limits
	limits[realm.AskedToken][realm.ByClient] = realm.Rate{Most: 100, Span: 10 * time.Second}
	limits[realm.AskedExchange][realm.ByUser] = realm.Rate{Most: 60, Span: time.Minute}
	limits[realm.AskedIntrospection][realm.ByAddress] = realm.Rate{Most: 9, Span: time.Hour}
	if d := cmp.Diff(limits, s.Limits); d != "" {
		t.Errorf("limits (-want +got):\n%s", d)
	}
	got := keycloak.Value[map[string]string](keycloak.FromSettings(&realm.Realm{Settings: s}), "attributes")
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: %q", name, got[name])
		}
	}
	if fresh := keycloak.NewSettings(); fresh.Limits.On() {
		t.Error("a new realm has limits")
	}
}

// TestCredentials reads passwords in each form there was, and writes the form of today.
func TestCredentials(t *testing.T) {
	const salt = "MTIzNDU2Nzg5MDEyMzQ1Ng=="
	hash := func(algorithm string) user.Credential {
		return user.HashPassword("secret", []byte("1234567890123456"), user.HashingOf("hashAlgorithm("+algorithm+") and hashIterations(2)"))
	}
	for _, algorithm := range []string{"argon2", "pbkdf2-sha256", "pbkdf2-sha512", "pbkdf2"} {
		made := hash(algorithm)
		written := keycloak.FromCredential(made)
		read, plain, note := keycloak.ToCredential(written)
		if plain != "" || note != "" || !user.CheckPassword(read, "secret") || user.CheckPassword(read, "Secret") {
			t.Errorf("%s: %q, %q, does not check", algorithm, plain, note)
		}
		if d := cmp.Diff(written, keycloak.FromCredential(read)); d != "" {
			t.Errorf("%s: %s", algorithm, d)
		}
		if !strings.Contains(written.Text("secretData"), salt) || !strings.Contains(written.Text("credentialData"), `"hashIterations":2`) {
			t.Errorf("%s: %v", algorithm, written)
		}
	}

	secret := keycloak.FromCredential(hash("pbkdf2-sha256")).Text("secretData")
	var parts struct{ Value string }
	if err := json.Unmarshal([]byte(secret), &parts); err != nil {
		t.Fatal(err)
	}
	old := object(t, "Credential", map[string]any{"type": "password", "hashedSaltedValue": parts.Value, "salt": salt, "hashIterations": 2, "algorithm": "pbkdf2-sha256"})
	if read, _, _ := keycloak.ToCredential(old); !user.CheckPassword(read, "secret") {
		t.Errorf("the form before Keycloak 8: %+v", read)
	}
	_, plainText, _ := keycloak.ToCredential(object(t, "Credential", map[string]any{"type": "password", "value": "open", "temporary": true}))
	if plainText != "open" {
		t.Errorf("plain: %q", plainText)
	}
	otp := object(t, "Credential", map[string]any{"type": "otp", "secretData": `{"value":"x"}`, "credentialData": `{"digits":6}`, "userLabel": "phone"})
	if read, _, note := keycloak.ToCredential(otp); note != "" || read.Kind != "otp" || cmp.Diff(otp, keycloak.FromCredential(read)) != "" {
		t.Errorf("one-time codes: %+v, %q", read, note)
	}
	if _, _, note := keycloak.ToCredential(object(t, "Credential", map[string]any{"type": "password", "secretData": "{", "credentialData": "{}"})); note == "" {
		t.Error("a hash that cannot be read has no note")
	}
}
