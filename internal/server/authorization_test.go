package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/server"
)

// protected is a realm with a client whose authorization services are on, and one without.
const protected = `{"realm": "protected", "enabled": true, "sslRequired": "none",
	"roles": {"realm": [{"id": "clerk-key", "name": "clerk"}], "client": {"api": [{"id": "read-key", "name": "read"}]}},
	"groups": [{"id": "staff-key", "name": "staff"}],
	"clients": [
		{"id": "api-key", "clientId": "api", "secret": "s", "authorizationServicesEnabled": true, "serviceAccountsEnabled": true},
		{"id": "web-key", "clientId": "web", "secret": "s"}],
	"users": [{"id": "ann-key", "username": "ann", "enabled": true}]}`

// answered is a body that was answered, as far as tests ask for it.
type answered struct {
	ID      string              `json:"id"`
	Key     string              `json:"_id"`
	Name    string              `json:"name"`
	Kind    string              `json:"type"`
	Owner   struct{ ID string } `json:"owner"`
	Scopes  []any               `json:"scopes"`
	Config  map[string]string   `json:"config"`
	Users   []string            `json:"users"`
	Clients []string            `json:"clients"`
	Roles   []answered          `json:"roles"`
	Groups  []answered          `json:"groups"`
}

func (o officer) body(want int, method, path, body string) answered {
	o.Helper()
	var m answered
	if text := o.call(want, method, path, body); json.Unmarshal([]byte(text), &m) != nil {
		o.Fatalf("%s %s: %s", method, path, text)
	}
	return m
}

// TestAuthorization keeps resources, scopes and policies the way that Keycloak's clients make them, by
// their ids, and exports them by name.
func TestAuthorization(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) { authorization(t, db.open(t)) })
	}
}

func authorization(t *testing.T, db server.Database) {
	_, base := start(t, db, map[string][]byte{"protected.json": []byte(protected)})
	root := newOfficer(t, base, "master", "admin")
	const at = "protected/clients/api-key/authz/resource-server"
	root.call(404, "GET", "protected/clients/web-key/authz/resource-server", "")

	if names := root.names(at + "/resource"); len(names) != 0 {
		t.Errorf("a new resource server has %v", names)
	}
	root.call(204, "PUT", at, `{"policyEnforcementMode": "PERMISSIVE"}`)
	root.call(400, "PUT", at, `{"policyEnforcementMode": "LAX"}`)

	scope := root.body(201, "POST", at+"/scope", `{"name": "orders:read"}`)
	order := root.body(201, "POST", at+"/resource", `{"name": "order", "uris": ["/orders/*"], "scopes": [{"name": "orders:read"}, {"name": "orders:write"}]}`)
	if order.Key == "" || len(order.Scopes) != 2 || order.Owner.ID != "api-key" {
		t.Errorf("resource: %+v", order)
	}
	root.call(409, "POST", at+"/resource", `{"name": "order"}`)
	root.call(400, "POST", at+"/resource", `{}`)
	root.call(400, "DELETE", at+"/scope/"+scope.ID, "")

	role := root.body(201, "POST", at+"/policy/role", `{"name": "clerks", "roles": [{"id": "clerk-key", "required": true}, {"id": "api/read"}]}`)
	user := root.body(201, "POST", at+"/policy/user", `{"name": "ann", "users": ["ann-key"]}`)
	group := root.body(201, "POST", at+"/policy/group", `{"name": "staff", "groups": [{"id": "staff-key", "extendChildren": true}]}`)
	client := root.body(201, "POST", at+"/policy", `{"name": "web", "type": "client", "config": {"clients": "[\"web-key\"]"}}`)
	all := root.body(201, "POST", at+"/policy/aggregate", fmt.Sprintf(`{"name": "all", "policies": [%q, %q, "staff"]}`, role.ID, user.ID))
	permission := root.body(201, "POST", at+"/permission/scope", fmt.Sprintf(`{"name": "read orders", "resources": [%q], "scopes": [%q], "policies": ["all"]}`, order.Key, scope.ID))
	root.call(409, "POST", at+"/policy/role", `{"name": "clerks"}`)
	root.call(400, "POST", at+"/policy/none", `{"name": "odd"}`)
	root.call(400, "POST", at+"/permission/resource", `{"name": "odd", "resources": ["none"]}`)

	got := root.body(200, "GET", at+"/policy/role/"+role.ID, "")
	if len(got.Roles) != 2 || got.Roles[0].ID != "clerk-key" || got.Roles[1].ID != "read-key" {
		t.Errorf("roles are not shown by id: %+v", got)
	}
	if got := root.body(200, "GET", at+"/policy/user/"+user.ID, ""); !cmp.Equal(got.Users, []string{"ann-key"}) {
		t.Errorf("users are not shown by id: %+v", got)
	}
	if got := root.body(200, "GET", at+"/policy/group/"+group.ID, ""); len(got.Groups) != 1 || got.Groups[0].ID != "staff-key" {
		t.Errorf("groups are not shown by id: %+v", got)
	}
	if got := root.body(200, "GET", at+"/policy/"+client.ID, ""); got.Config["clients"] != `["web-key"]` {
		t.Errorf("clients are not shown by id: %+v", got)
	}
	root.call(404, "GET", at+"/policy/user/"+role.ID, "")
	for path, want := range map[string][]string{
		"/policy/" + all.ID + "/associatedPolicies": {"clerks", "ann", "staff"},
		"/policy/" + all.ID + "/dependentPolicies":  {"read orders"},
		"/policy/" + permission.ID + "/resources":   {"order"},
		"/permission/" + permission.ID + "/scopes":  {"orders:read"},
		"/resource/" + order.Key + "/permissions":   {"read orders"},
		"/scope/" + scope.ID + "/resources":         {"order"},
		"/permission":                               {"read orders"},
		"/policy?permission=false&name=an":          {"ann"},
		"/resource?uri=/orders/*":                   {"order"},
		"/policy/role":                              {"clerks"},
	} {
		if diff := cmp.Diff(want, root.names(at+path)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
	root.call(204, "GET", at+"/policy/search?name=none", "")
	root.call(501, "POST", at+"/policy/evaluate", `{}`)

	root.call(201, "PUT", at+"/policy/role/"+role.ID, `{"name": "scribes", "roles": [{"id": "clerk-key"}]}`)
	exported := root.call(200, "GET", at+"/settings", "")
	for _, text := range []string{`"applyPolicies":"[\"scribes\",\"ann\",\"staff\"]"`, `"users":"[\"ann\"]"`, `"roles":"[{\"id\":\"clerk\"}]"`,
		`"groups":"[{\"path\":\"/staff\",\"extendChildren\":true}]"`, `"clients":"[\"web\"]"`, `"policyEnforcementMode":"PERMISSIVE"`} {
		if !strings.Contains(exported, text) {
			t.Errorf("the export lacks %s: %s", text, exported)
		}
	}
	root.call(204, "POST", at+"/import", exported)
	if again := root.call(200, "GET", at+"/settings", ""); again != exported {
		t.Errorf("importing an export changes something: %s", cmp.Diff(exported, again))
	}

	root.call(204, "DELETE", at+"/resource/"+order.Key, "")
	root.call(404, "GET", at+"/permission/"+permission.ID, "") // it was for that resource alone
	root.call(204, "DELETE", at+"/policy/"+user.ID, "")
	if names := root.names(at + "/policy/" + all.ID + "/associatedPolicies"); !cmp.Equal(names, []string{"scribes", "staff"}) {
		t.Errorf("a policy that is gone is applied: %v", names)
	}
	root.call(204, "DELETE", at+"/scope/"+scope.ID, "")
}

// TestAuthorizationRefersToWhatIsThere: owners of resources are users, by id or username, and policies refer to users,
// clients and client scopes that the realm has.
func TestAuthorizationRefersToWhatIsThere(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) { referring(t, db.open(t)) })
	}
}

func referring(t *testing.T, db server.Database) {
	_, base := start(t, db, map[string][]byte{"protected.json": []byte(protected)})
	root := newOfficer(t, base, "master", "admin")
	const at = "protected/clients/api-key/authz/resource-server"
	owned := func(name string) string {
		t.Helper()
		text := root.call(200, "GET", at+"/resource?exactName=true&name="+name, "")
		_, owner, _ := strings.Cut(text, `"owner":`)
		owner, _, _ = strings.Cut(owner, "}")
		return owner + "}"
	}
	const ann, client = `{"id":"ann-key","name":"ann"}`, `{"id":"api-key","name":"api"}`
	imported := func(owner string) string { return `{"resources": [{"name": "r", "owner": ` + owner + `}]}` }
	for owner, want := range map[string]string{
		`"ann"`: ann, `"ann-key"`: ann, `{"id": "ann-key"}`: ann, `{"id": "ann"}`: ann, `{"name": "ann"}`: ann, `{"id": "ann-key", "name": "x"}`: ann,
		`{"name": "nobody"}`: client, `{"id": "api-key"}`: client, `{}`: client, `null`: client,
	} {
		root.call(204, "POST", at+"/import", imported(owner))
		if got := owned("r"); got != want {
			t.Errorf("imported with owner %s: %s", owner, got)
		}
		text := root.call(200, "GET", at+"/settings", "")
		if got := strings.Contains(text, `"owner":{"name":"ann"}`); got != (want == ann) || !got && strings.Contains(text, `"owner"`) {
			t.Errorf("exported with owner %s: %s", owner, text)
		}
	}
	for _, owner := range []string{`"nobody"`, `{"id": "nobody"}`, `{"id": "web-key"}`, `"api"`} {
		root.call(400, "POST", at+"/import", imported(owner))
		root.call(400, "POST", at+"/resource", `{"name": "q", "owner": `+owner+`}`)
	}
	if text := root.call(400, "POST", at+"/resource", `{"name": "q", "owner": {"name": "ann"}}`); !strings.Contains(text, "You must specify the resource owner.") {
		t.Error(text)
	}
	q := root.body(201, "POST", at+"/resource", `{"name": "q", "owner": "ann"}`)
	if q.Owner.ID != "ann-key" {
		t.Errorf("made with an owner: %+v", q)
	}
	root.call(204, "PUT", at+"/resource/"+q.Key, `{"name": "q", "owner": {"id": "api-key"}}`)
	root.call(400, "PUT", at+"/resource/"+q.Key, `{"name": "q", "owner": {"id": "nobody"}}`)
	if got := owned("q"); got != ann {
		t.Errorf("a change changed the owner: %s", got)
	}

	for _, c := range []struct{ kind, member, unknown string }{
		{"user", "users", `["ann", "nobody"]`}, {"client", "clients", `["nobody"]`}, {"client-scope", "clientScopes", `[{"id": "nobody"}]`},
	} {
		config, _ := json.Marshal(c.unknown)
		policy := fmt.Sprintf(`{"name": "p", "type": %q, "config": {%q: %s}}`, c.kind, c.member, config)
		root.call(400, "POST", at+"/policy/"+c.kind, fmt.Sprintf(`{"name": "p", %q: %s}`, c.member, c.unknown))
		root.call(400, "POST", at+"/policy", policy)
		root.call(400, "POST", at+"/import", `{"policies": [`+policy+`]}`)
	}
	root.call(201, "POST", "protected/users", `{"username": "bob", "enabled": true}`)
	p := root.body(201, "POST", at+"/policy/user", `{"name": "p", "users": ["bob", "ann-key"]}`)
	var bob []struct{ ID string }
	if json.Unmarshal([]byte(root.call(200, "GET", "protected/users?username=bob", "")), &bob) != nil || len(bob) != 1 {
		t.Fatalf("bob: %+v", bob)
	}
	root.call(204, "DELETE", "protected/users/"+bob[0].ID, "")
	root.call(201, "PUT", at+"/policy/user/"+p.ID, `{"name": "p", "users": ["bob", "ann-key"]}`) // as it is shown
	root.call(400, "PUT", at+"/policy/user/"+p.ID, `{"name": "p", "users": ["carl"]}`)
}
