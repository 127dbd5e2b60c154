package server

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// TestHostileBodies sends what no honest caller does to every route of the administration API: bodies that are
// no JSON, or not what the route is for, and documents as the server itself gave them with one member after
// the other replaced by something strange. Whatever the answer is, the server must not have failed, and what it
// took it must be able to show. The long run throws every stone at every member, the short one some at each.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func() Database{
		"sqlite":   func() Database { return Database{} },
		"postgres": func() Database { return Database{URL: storetest.Postgres(t), MasterKey: strings.Repeat("A", 43) + "="} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouseOfGlass(t, open())
			defer func() { t.Logf("%d requests", h.sent) }()
			for _, r := range h.routes {
				if r.Method == http.MethodPost || r.Method == http.MethodPut {
					h.throwBodies(r)
					h.throwMembers(r)
				}
			}
			h.throwParts()
			for _, r := range h.routes {
				h.throwAddresses(r)
			}
			for _, r := range h.routes { // what was taken is shown
				if r.Method == http.MethodGet {
					h.send(r.Method, h.address(r.Path), "", "")
				}
			}
			h.send("POST", h.address("/partial-export")+"?exportClients=true&exportGroupsAndRoles=true", "", "")
		})
	}
}

// glass is the realm that things are thrown at.
const glass = `{"realm": "glass", "enabled": true, "sslRequired": "none", "passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
	"adminEventsEnabled": true, "adminEventsDetailsEnabled": true,
	"clients": [{"id": "a-client", "clientId": "desk", "secret": "desk-secret", "serviceAccountsEnabled": true, "authorizationServicesEnabled": true,
		"redirectUris": ["https://desk.example/*"], "protocolMappers": [{"id": "a-mapper", "name": "aud", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
			"config": {"included.client.audience": "desk", "access.token.claim": "true"}}]}],
	"clientScopes": [{"id": "a-scope", "name": "orders", "protocol": "openid-connect", "attributes": {"include.in.token.scope": "true"},
		"protocolMappers": [{"id": "b-mapper", "name": "aud", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper", "config": {"included.client.audience": "desk"}}]}],
	"roles": {"realm": [{"id": "a-role", "name": "clerk", "attributes": {"a": ["b"]}, "composite": true, "composites": {"client": {"desk": ["read"]}}}],
		"client": {"desk": [{"id": "b-role", "name": "read"}]}},
	"groups": [{"id": "a-group", "name": "sales", "attributes": {"a": ["b"]}, "realmRoles": ["clerk"], "subGroups": [{"id": "b-group", "name": "north"}]}],
	"identityProviders": [{"alias": "up", "internalId": "an-idp", "providerId": "oidc", "enabled": true, "config": {"issuer": "https://up.example", "clientId": "c",
		"clientSecret": "hush", "tokenUrl": "https://up.example/token", "authorizationUrl": "https://up.example/auth"}}],
	"identityProviderMappers": [{"id": "an-idp-mapper", "name": "m", "identityProviderAlias": "up", "identityProviderMapper": "hardcoded-attribute-idp-mapper", "config": {"attribute": "a"}}],
	"smtpServer": {"host": "localhost", "from": "a@glass.example", "password": "hush", "auth": "true", "user": "a", "authTokenClientSecret": "hush-token"}, "internationalizationEnabled": true, "supportedLocales": ["de", "en"],
	"users": [{"id": "a-user", "username": "ann", "enabled": true, "firstName": "A", "lastName": "B", "email": "ann@glass.example", "attributes": {"a": ["b"]},
		"credentials": [{"id": "a-password", "type": "password", "value": "ann"}], "groups": ["/sales"], "realmRoles": ["clerk"],
		"federatedIdentities": [{"identityProvider": "up", "userId": "1", "userName": "ann"}]}]}`

// houseOfGlass is a server with that realm, whose administrator throws stones.
type houseOfGlass struct {
	*testing.T
	server *Server
	routes []rest.Route
	token  string
	values map[string]string
	made   int // things with names of their own
	turn   int // of the stones
	sent   int
}

func newHouseOfGlass(t *testing.T, db Database) *houseOfGlass {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/glass.json", []byte(glass), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), Config{Development: true, Database: db, Import: dir, Bootstrap: Bootstrap{Username: "admin", Password: "admin"},
		Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	h := &houseOfGlass{T: t, server: s}
	for _, group := range nouns(s.store, Config{}, newAccounts(s.store, Config{}, nil), &inspect.Inspector{}) {
		h.routes = append(h.routes, group...)
	}
	slices.SortFunc(h.routes, byPath)
	h.signIn()
	h.values = map[string]string{"{realm}": "glass", "{client}": "a-client", "{container}": "a-client", "{user}": "a-user", "{group}": "a-group", "{scope}": "a-scope",
		"{locale}": "de", "{name}": "welcome", "{attr}": "jwt.credential", "{kind}": "role", "{provider}": "keycloak-oidc-keycloak-json", "{credential}": "a-password",
		"{after}": "a-password", "{path...}": "sales", "{protocol}": "openid-connect"}
	return h
}

func (h *houseOfGlass) signIn() {
	form := url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {"admin"}, "password": {"admin"}}
	q := httptest.NewRequest("POST", "http://id.example.test/realms/master/protocol/openid-connect/token", strings.NewReader(form.Encode()))
	q.RemoteAddr = "127.0.0.1:1"
	q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.server.Handler().ServeHTTP(w, q)
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Token == "" {
		h.Fatalf("sign in: %s", w.Body)
	}
	h.token = answer.Token
}

// address is the address of something that is there.
func (h *houseOfGlass) address(path string) string {
	if !strings.HasPrefix(path, "/admin/") && !strings.HasPrefix(path, "/realms/") {
		path = "/admin/realms/{realm}" + path
	}
	whole := path
	return values.ReplaceAllStringFunc(path, func(name string) string {
		if v := h.values[name]; v != "" {
			return v
		}
		return h.found(whole, name)
	})
}

// found is the value of a name that means something else at each address.
func (h *houseOfGlass) found(path, name string) string {
	has := func(part string) bool { return strings.Contains(path, part) }
	switch {
	case name == "{role}" && has("/roles-by-id/"):
		return "a-role"
	case name == "{role}" && has("/clients/"):
		return "read"
	case name == "{role}":
		return "clerk"
	case name == "{mapper}" && has("/identity-provider/"):
		return "an-idp-mapper"
	case name == "{mapper}" && has("/clients/"):
		return "a-mapper"
	case name == "{mapper}":
		return "b-mapper"
	case name == "{alias}" && has("/required-actions/"):
		return "UPDATE_PASSWORD"
	case name == "{alias}" && has("/flows/"):
		return "browser"
	case name == "{alias}":
		return "up"
	case has("/components/"):
		return h.first("/components", "id")
	case has("/executions/"):
		return h.first("/authentication/flows/browser/executions", "id")
	case has("/flows/"):
		return h.first("/authentication/flows", "id")
	case has("/resource-server/resource/"):
		return h.first("/clients/a-client/authz/resource-server/resource", "_id")
	case has("/resource-server/policy/"):
		return h.first("/clients/a-client/authz/resource-server/policy", "id")
	case has("/clients-registrations/"):
		return "desk"
	}
	return "nothing"
}

// first is a member of the first element of a list.
func (h *houseOfGlass) first(list, member string) string {
	var all []map[string]any
	if w := h.send("GET", h.address(list), "", ""); json.Unmarshal(w.Body.Bytes(), &all) == nil && len(all) > 0 {
		return fmt.Sprint(all[0][member])
	}
	return "nothing"
}

// send sends a request, whose answer must not be that the server failed.
func (h *houseOfGlass) send(method, address, contentType, body string) *httptest.ResponseRecorder {
	h.Helper()
	q, err := http.NewRequest(method, "http://id.example.test"+address, strings.NewReader(body))
	if err != nil {
		h.Fatal(err)
	}
	q.RemoteAddr = "127.0.0.1:1"
	q.Header.Set("Authorization", "Bearer "+h.token)
	if contentType != "" {
		q.Header.Set("Content-Type", contentType)
	}
	w := httptest.NewRecorder()
	h.sent++
	h.server.Handler().ServeHTTP(w, q)
	// The realm's mail server is not there: what would have been a letter says so.
	unsent := w.Code == http.StatusServiceUnavailable && strings.Contains(w.Body.String(), "{\"errorMessage\":\"Failed to send ")
	if w.Code >= http.StatusInternalServerError && w.Code != http.StatusNotImplemented && !unsent {
		h.Errorf("%s %s: %d %s\n%s", method, shortened(address), w.Code, w.Body, shortened(body))
	}
	return w
}

func shortened(text string) string {
	const most = 600
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}

const asJSON = "application/json"

// bodies are what no route is for.
var bodies = []string{
	"", "null", "[]", "{}", `""`, `"text"`, "7", "-1e999", "true", "{", "[", "nul", "{}{}", `{"a": 1}`, "[null]", "[{}]", "[[]]", `["x"]`, "[7]",
	`{"": ""}`, `{"id": null}`, `{"id": {}}`, `["\u0000"]`, `"\u0000"`, `"\ud800"`, "\xff", "\"\xff\"", "[\"\xff\"]", "{\"\xff\": \"\xff\"}", "\x00", `{"\u0000": "\u0000"}`,
	`[{"id": "\u0000", "name": "\u0000"}]`, `[{"id": 1e400}]`, `[{"id": "a-role", "name": "clerk"}, null]`,
	`{"name": "\u0000", "id": "\u0000", "alias": "\u0000", "clientId": "\u0000", "username": "\u0000"}`,
	strings.Repeat("[", 20_000), strings.Repeat(`{"a":`, 20_000), `{"name": "` + strings.Repeat("x", 100_000) + `"}`,
}

// throwBodies sends those to a route.
func (h *houseOfGlass) throwBodies(r rest.Route) {
	at := h.address(r.Path)
	for _, body := range bodies {
		h.send(r.Method, at, asJSON, body)
	}
	for _, contentType := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", ";;", "application/json; charset=\xff"} {
		h.send(r.Method, at, contentType, "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n\x00\xff\r\n--x--")
	}
}

// stones take the place of members of a document.
var stones = []string{
	"null", "true", "7", "-1", "1.5", "1e400", "9223372036854775807", "-9223372036854775808", "99999999999999999999", `""`, `" "`, `"x"`, `"\u0000"`, `"a\u0000b"`, `"\ud800"`,
	`"` + strings.Repeat("ü", 300) + `"`, `"` + strings.Repeat("x", 5000) + `"`, `"${x}"`, `"../.."`, `"a/b"`,
	"[]", "[null]", `[""]`, `["\u0000"]`, "[[]]", "[{}]", "[7]", "{}", `{"a": null}`, `{"": ""}`, `{"\u0000": "\u0000"}`, `{"a": ["\u0000"]}`, `{"a": [null]}`, `{"a": {"b": []}}`,
	strings.Repeat("[", 300) + strings.Repeat("]", 300),
}

// throwMembers sends a document that the route takes, with one member after the other replaced.
func (h *houseOfGlass) throwMembers(r rest.Route) {
	document := h.document(r)
	if document == nil {
		return
	}
	at := h.address(r.Path)
	send := func(changed any, shown bool) {
		text, err := json.Marshal(changed)
		if err != nil {
			h.Fatal(err)
		}
		w := h.send(r.Method, at, asJSON, string(text))
		switch made, err := url.Parse(w.Header().Get("Location")); {
		case w.Code == http.StatusCreated && err == nil && made.Path != "":
			h.send("GET", made.EscapedPath(), "", "")
			h.send("DELETE", made.EscapedPath(), "", "")
		case w.Code < 300 && r.Method == http.MethodPut && shown:
			h.send("GET", at, "", "")
		}
	}
	for _, member := range slices.Sorted(maps.Keys(document)) {
		if r.Path == "" && member == "realm" {
			continue // by another name it would not be found again
		}
		for _, stone := range h.some(stones) {
			send(h.with(document, member, json.RawMessage(stone)), true)
		}
		var inner map[string]json.RawMessage
		if json.Unmarshal(document[member], &inner) != nil {
			continue
		}
		for _, setting := range slices.Sorted(maps.Keys(inner)) {
			for _, stone := range h.some(stones[:20]) {
				settings := maps.Clone(inner)
				settings[setting] = json.RawMessage(stone)
				text, err := json.Marshal(settings)
				if err != nil {
					h.Fatal(err)
				}
				send(h.with(document, member, text), false)
			}
		}
	}
	if r.Method == http.MethodPut {
		send(document, true)
	}
}

// some are all stones, or an eighth of them: others each time.
func (h *houseOfGlass) some(stones []string) []string {
	if storetest.IsLong() {
		return stones
	}
	h.turn++
	var out []string
	for i := h.turn % 8; i < len(stones); i += 8 {
		out = append(out, stones[i])
	}
	return out
}

// throwParts imports parts of realms, and whole ones, in which something has one member replaced.
func (h *houseOfGlass) throwParts() {
	whole := object([]byte(glass))
	for _, list := range []string{"clients", "groups", "identityProviders", "identityProviderMappers", "users", "clientScopes", "roles"} {
		elements := []json.RawMessage{whole[list]}
		if list != "roles" {
			if err := json.Unmarshal(whole[list], &elements); err != nil {
				h.Fatal(err)
			}
		}
		document := object(elements[0])
		for _, member := range slices.Sorted(maps.Keys(document)) {
			for _, stone := range h.some(stones) {
				changed := maps.Clone(document)
				changed[member] = json.RawMessage(stone)
				h.importPart(list, changed)
			}
		}
		for _, stone := range h.some(stones) {
			h.importPart(list, json.RawMessage(stone))
			h.importPart(list, []json.RawMessage{json.RawMessage(stone)})
		}
	}
}

// importPart imports something into the realm, and into a realm of its own.
func (h *houseOfGlass) importPart(list string, element any) {
	text, err := json.Marshal(element)
	if err != nil {
		h.Fatal(err)
	}
	part := string(text)
	if list != "roles" && part[0] == '{' {
		part = "[" + part + "]"
	}
	h.send("POST", h.address("/partialImport"), asJSON, fmt.Sprintf(`{"ifResourceExists": "OVERWRITE", %q: %s}`, list, part))
	const keys = `"components": {"org.keycloak.keys.KeyProvider": [{"name": "hmac", "providerId": "hmac-generated", "subComponents": {}, "config": {}}]}`
	h.made++
	name := fmt.Sprintf("made-%d", h.made)
	if w := h.send("POST", "/admin/realms", asJSON, fmt.Sprintf(`{"realm": %q, %s, %q: %s}`, name, keys, list, part)); w.Code == http.StatusCreated {
		h.send("POST", "/admin/realms/"+name+"/partial-export?exportClients=true&exportGroupsAndRoles=true", "", "")
		h.send("GET", "/admin/realms/"+name+"/users", "", "")
		h.send("DELETE", "/admin/realms/"+name, "", "")
	}
}

// with is a document with another value of a member, and where it makes something, with a name of its own.
func (h *houseOfGlass) with(document map[string]json.RawMessage, member string, value json.RawMessage) map[string]json.RawMessage {
	out := maps.Clone(document)
	h.made++
	for _, name := range naming {
		if _, ok := out[name]; ok && string(out[name]) == "" {
			out[name] = json.RawMessage(fmt.Sprintf(`"made-%d"`, h.made))
		}
	}
	out[member] = value
	return out
}

// naming are the members that tell one thing from another.
var naming = []string{"name", "alias", "clientId", "username", "email"}

// document is one that the route takes: for a change what is there, for what is made another of the same list,
// without id and names.
func (h *houseOfGlass) document(r rest.Route) map[string]json.RawMessage {
	if text, ok := samples[r.Path]; ok && r.Method == http.MethodPost {
		return object([]byte(text))
	}
	w := h.send("GET", h.address(r.Path), "", "")
	if r.Method == http.MethodPut {
		return object(w.Body.Bytes())
	}
	var list []json.RawMessage
	if json.Unmarshal(w.Body.Bytes(), &list) != nil || len(list) == 0 {
		return nil
	}
	out := object(list[len(list)-1])
	for _, name := range append(naming, "id", "internalId") {
		if _, ok := out[name]; ok {
			out[name] = json.RawMessage("")
		}
	}
	delete(out, "id")
	delete(out, "internalId")
	return out
}

func object(text []byte) map[string]json.RawMessage {
	var out map[string]json.RawMessage
	if json.Unmarshal(text, &out) != nil {
		return nil
	}
	return out
}

// samples are documents of routes that have no list to take one from.
var samples = map[string]string{
	"/partialImport": `{"ifResourceExists": "OVERWRITE", "clients": [], "roles": {"realm": [], "client": {}}, "groups": [], "users": [], "identityProviders": [], "identityProviderMappers": []}`,
	"/clients/{client}/authz/resource-server/import":              `{"policyEnforcementMode": "ENFORCING", "resources": [], "policies": [], "scopes": [], "decisionStrategy": "UNANIMOUS"}`,
	"/clients/{client}/authz/resource-server/scope":               `{"name": "s", "displayName": "S", "iconUri": "x"}`,
	"/clients/{client}/authz/resource-server/policy/{id}":         `{"name": "p", "type": "role", "logic": "POSITIVE", "decisionStrategy": "UNANIMOUS", "roles": [{"id": "a-role"}], "config": {"roles": "[]"}}`,
	"/clients/{client}/nodes":                                     `{"node": "localhost"}`,
	"/clients-initial-access":                                     `{"count": 1, "expiration": 60, "webOrigins": []}`,
	"/authentication/executions/{id}/config":                      `{"alias": "c", "config": {"a": "b"}}`,
	"/authentication/flows/{alias}/copy":                          `{"newName": "copy"}`,
	"/authentication/flows/{alias}/executions/execution":          `{"provider": "auth-cookie"}`,
	"/authentication/flows/{alias}/executions/flow":               `{"alias": "f", "type": "basic-flow", "provider": "p", "description": "d"}`,
	"/authentication/register-required-action":                    `{"providerId": "x", "name": "X"}`,
	"/tokenhouse/explain/audience":                                `{"client": "desk", "user": "ann", "scope": "openid"}`,
	"/tokenhouse/explain/exchange":                                `{"client": "desk", "subjectToken": "x", "audience": ["desk"]}`,
	"/tokenhouse/explain/token":                                   `{"client": "desk", "user": "ann"}`,
	"/identity-provider/import-config":                            `{"providerId": "oidc", "fromUrl": "http://127.0.0.1:1/"}`,
	"/users/{user}/federated-identity/{alias}":                    `{"identityProvider": "up", "userId": "2", "userName": "x"}`,
	"/realms/{realm}/clients-registrations/default":               `{"redirectUris": ["http://localhost/"], "protocol": "openid-connect", "attributes": {}, "serviceAccountsEnabled": true, "defaultClientScopes": []}`,
	"/realms/{realm}/clients-registrations/openid-connect":        `{"redirect_uris": ["http://localhost/"], "client_name": "n", "grant_types": ["authorization_code"], "jwks": {"keys": []}, "scope": "openid"}`,
	"/testSMTPConnection":                                         `{"host": "127.0.0.1", "port": "1", "from": "a@b.example", "password": "x"}`,
	"/localization/{locale}":                                      `{"a": "b"}`,
	"/push-revocation":                                            `{}`,
	"/users/{user}/role-mappings/realm":                           `{"id": "a-role", "name": "clerk"}`,
	"/clients/{client}/certificates/{attr}/download":              `{"format": "JKS", "keyAlias": "a", "keyPassword": "p", "storePassword": "s"}`,
	"/clients/{client}/certificates/{attr}/generate-and-download": `{"format": "PKCS12", "keyAlias": "a", "keyPassword": "p", "storePassword": "s", "keySize": 2048, "validity": 1}`,
}

// throwAddresses asks every route for what cannot be there.
func (h *houseOfGlass) throwAddresses(r rest.Route) {
	if rank(r) > 0 {
		return
	}
	at := r.Path
	if !strings.HasPrefix(at, "/admin/") && !strings.HasPrefix(at, "/realms/") {
		at = "/admin/realms/{realm}" + at
	}
	at = strings.ReplaceAll(at, "{realm}", "glass")
	body := ""
	if r.Method == http.MethodPost || r.Method == http.MethodPut {
		body = "{}"
	}
	if r.Method == http.MethodGet {
		for _, query := range []string{"first=-1&max=2147483647", "first=2147483647&max=0", "max=1e9", "search=%25_%27%22%5C*&q=a%3Ab%20%3A&exact=true", "q=%22&search=%F0%9F%98%80",
			"username=%27&email=%25&firstName=%5C&lastName=%22&idpAlias=x&idpUserId=y", "search=%00", "search=%FF", "search=" + strings.Repeat("x", 5000), "clientId=%2A&search=true",
			"type=%00&dateFrom=9999999999999&dateTo=x", "dateFrom=99999-01-01&direction=sideways", "userId=nothing&scope=" + strings.Repeat("a+", 3000), "createdAfter=99999999999999999", "briefRepresentation=maybe&first=0"} {
			h.send(r.Method, h.address(r.Path)+"?"+query, "", "")
		}
	}
	if !strings.Contains(at, "{") {
		return
	}
	for _, value := range []string{"nothing", "%00", "%FF", "%2F", "%2e%2e", "%25", "%27", strings.Repeat("x", 5000), "%F0%9F%98%80", "+", "%20"} {
		h.send(r.Method, values.ReplaceAllString(at, value), asJSON, body)
	}
}
