package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// guarded is a realm whose administrators have some rights, and whose group "admins" has all.
const guarded = `{"realm": "guarded", "enabled": true, "sslRequired": "none",
	"passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
	"clients": [{"id": "orders-key", "clientId": "orders", "protocolMappers": [
		{"name": "saml", "protocol": "saml", "protocolMapper": "saml-role-list-mapper"},
		{"name": "aud", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper"}]}],
	"roles": {"realm": [{"id": "clerk-key", "name": "clerk"}], "client": {"orders": [{"id": "read-key", "name": "read"}]}},
	"groups": [
		{"id": "admins-key", "name": "admins", "clientRoles": {"realm-management": ["realm-admin"]}, "subGroups": [{"id": "deputies-key", "name": "deputies"}]},
		{"id": "sales-key", "name": "sales"}],
	"users": [
		{"username": "helper", "enabled": true, "email": "h@example.test", "firstName": "H", "lastName": "H",
			"credentials": [{"type": "password", "value": "helper"}], "clientRoles": {"realm-management": ["manage-clients", "manage-users"]}},
		{"username": "viewer", "enabled": true, "email": "v@example.test", "firstName": "V", "lastName": "V",
			"credentials": [{"type": "password", "value": "viewer"}], "clientRoles": {"realm-management": ["view-clients", "view-users"]}},
		{"id": "chief", "username": "chief", "enabled": true, "clientRoles": {"realm-management": ["realm-admin"]}}]}`

// officer calls the administration API.
type officer struct {
	*testing.T
	base, token string
}

func newOfficer(t *testing.T, base, realm, name string) officer {
	t.Helper()
	form := url.Values{"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {name}, "password": {name}}
	return officer{t, base + "/admin/realms/", str(t, ask(t, base, realm, 200, form), "access_token")}
}

// call gives the answer's body where the status is the one that is wanted.
func (o officer) call(want int, method, path, body string) string {
	o.Helper()
	status, text := o.try(method, path, body)
	if status != want {
		o.Errorf("%s %s: %d, want %d: %s", method, path, status, want, text)
	}
	return text
}

// try gives the status and the body of the answer.
func (o officer) try(method, path, body string) (int, string) {
	o.Helper()
	q, err := http.NewRequestWithContext(o.Context(), method, o.base+path, strings.NewReader(body))
	if err != nil {
		o.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+o.token)
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		o.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		o.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// names are those of a list's elements.
func (o officer) names(path string) []string {
	o.Helper()
	var list []struct{ Name string }
	if text := o.call(200, "GET", path, ""); json.Unmarshal([]byte(text), &list) != nil {
		o.Fatalf("%s: %s", path, text)
	}
	out := []string{}
	for _, e := range list {
		out = append(out, e.Name)
	}
	return out
}

// id is that of what has this address.
func (o officer) id(path string) string {
	o.Helper()
	var it struct{ ID string }
	if text := o.call(200, "GET", path, ""); json.Unmarshal([]byte(text), &it) != nil || it.ID == "" {
		o.Fatalf("%s: %s", path, text)
	}
	return it.ID
}

// TestRightsAreNotGrantedAround: who has some rights cannot come to others by the roles that stand for them.
func TestRightsAreNotGrantedAround(t *testing.T) {
	_, base := start(t, databases[0].open(t), map[string][]byte{"guarded.json": []byte(guarded)})
	root := newOfficer(t, base, "master", "admin")
	management := root.id("guarded/clients/realm-management")
	roles := "guarded/clients/" + management + "/roles"
	realmAdmin, manageUsers := root.id(roles+"/realm-admin"), root.id(roles+"/manage-users")
	named := func(id, name string) string { return fmt.Sprintf(`[{"id": %q, "name": %q}]`, id, name) }

	helper := newOfficer(t, base, "guarded", "helper")
	for _, c := range []struct {
		name               string
		method, path, body string
	}{
		{"a management role of another name", "PUT", roles + "/manage-users", `{"name": "manage-realm"}`},
		{"a management role by id", "PUT", "guarded/roles-by-id/" + manageUsers, `{"name": "manage-realm"}`},
		{"a new management role", "POST", roles, `{"name": "manage-everything"}`},
		{"no management role any more", "DELETE", roles + "/manage-realm", ""},
		{"another name for the client of management roles", "PUT", "guarded/clients/" + management, `{"clientId": "mere-roles"}`},
		{"a management role that includes another", "POST", roles + "/manage-users/composites", named(realmAdmin, "realm-admin")},
		{"a role that includes a management role", "POST", "guarded/clients/orders-key/roles/read/composites", named(realmAdmin, "realm-admin")},
		{"a new role that includes one", "POST", "guarded/clients/orders-key/roles",
			`{"name": "strong", "composite": true, "composites": {"client": {"realm-management": ["realm-admin"]}}}`},
		{"a management role for a group", "POST", "guarded/groups/sales-key/role-mappings/clients/" + management, named(realmAdmin, "realm-admin")},
		{"no role for the chief", "DELETE", "guarded/users/chief/role-mappings/clients/" + management, ""},
		{"a group below one with rights", "POST", "guarded/groups/deputies-key/children", `{"id": "sales-key", "name": "sales"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			helper := helper
			helper.T = t
			helper.call(403, c.method, c.path, c.body)
		})
	}

	helper.call(204, "PUT", "guarded/clients/orders-key/roles/read", `{"name": "read", "description": "may"}`)
	helper.call(204, "POST", "guarded/groups", `{"id": "deputies-key", "name": "deputies"}`)
	helper.call(204, "POST", "guarded/groups/sales-key/children", `{"id": "deputies-key", "name": "deputies"}`)
	helper.call(204, "POST", "guarded/groups/sales-key/role-mappings/clients/"+management, named(manageUsers, "manage-users"))
	available := helper.names("guarded/users/chief/role-mappings/clients/" + management + "/available")
	slices.Sort(available)
	if want := []string{"manage-clients", "manage-users", "query-groups", "query-users"}; !slices.Equal(intersection(available, want), available) {
		t.Errorf("available to grant: %v", available)
	}
	root.call(204, "PUT", roles+"/manage-users", `{"name": "manage-users", "description": "all of them"}`)
}

// intersection are the elements of a that are in b.
func intersection(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
}

// TestViewersOfRoles see what their rights are about, by whichever address.
func TestViewersOfRoles(t *testing.T) {
	_, base := start(t, databases[0].open(t), map[string][]byte{"guarded.json": []byte(guarded)})
	viewer := newOfficer(t, base, "guarded", "viewer")
	viewer.call(200, "GET", "guarded/roles-by-id/read-key", "")
	viewer.call(403, "GET", "guarded/roles-by-id/clerk-key", "")
	viewer.call(403, "PUT", "guarded/roles-by-id/read-key", `{"name": "read"}`)
	viewer.call(404, "GET", "guarded/roles-by-id/none", "")
	if got := viewer.names("guarded/groups/sales-key/role-mappings/realm/available"); len(got) != 0 {
		t.Errorf("a viewer could grant %v", got)
	}
}

// TestMappersByNameOfProtocol answers at the address that is short for OpenID Connect, by client_id too.
func TestMappersByNameOfProtocol(t *testing.T) {
	_, base := start(t, databases[0].open(t), map[string][]byte{"guarded.json": []byte(guarded)})
	root := newOfficer(t, base, "master", "admin")
	for _, path := range []string{"orders-key/protocol-mappers/oidc", "orders/protocol-mappers/oidc", "orders/protocol-mappers/protocol/openid-connect"} {
		if got := root.names("guarded/clients/" + path); !slices.Equal(got, []string{"aud"}) {
			t.Errorf("%s: %v", path, got)
		}
	}
	root.call(404, "GET", "guarded/clients/none/protocol-mappers/oidc", "")
}

// TestGroupPages pages through groups as Keycloak does.
func TestGroupPages(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			_, base := start(t, db.open(t), map[string][]byte{"guarded.json": []byte(guarded)})
			root := newOfficer(t, base, "master", "admin")
			for i := range 12 {
				root.call(201, "POST", "guarded/groups/sales-key/children", fmt.Sprintf(`{"name": "team %02d"}`, i))
			}
			for path, want := range map[string]int{
				"groups/sales-key/children":                                10, // as many as Keycloak gives who does not say
				"groups/sales-key/children?max=20":                         12,
				"groups/sales-key/children?first=10":                       2,
				"groups/sales-key/children?search=TEAM%200&max=5":          5,
				"groups?search=team&populateHierarchy=false":               12,
				"groups?search=team&populateHierarchy=false&first=5&max=3": 3,
				"groups?search=team":                                       1, // within "sales"
				"groups":                                                   2,
			} {
				if got := root.names("guarded/" + path); len(got) != want {
					t.Errorf("%s: %v, want %d", path, got, want)
				}
			}
		})
	}
}

// TestBadRequestsAreRefused: no body of a caller's makes the server fail.
func TestBadRequestsAreRefused(t *testing.T) {
	_, base := start(t, databases[0].open(t), map[string][]byte{"guarded.json": []byte(guarded)})
	root := newOfficer(t, base, "master", "admin")
	long := strings.Repeat("ä", 256)
	for _, c := range []struct {
		want               int
		method, path, body string
	}{
		{400, "POST", "roles", `{"name": "` + long + `"}`},
		{400, "POST", "roles", `{"name": " "}`},
		{400, "POST", "roles/clerk/composites", ``},
		{404, "POST", "roles/clerk/composites", `[{}]`},
		{404, "POST", "roles", `{"name": "x", "composite": true, "composites": {"client": {"none": ["read"]}}}`},
		{400, "POST", "groups", `null`},
		{400, "POST", "groups/sales-key/role-mappings/realm", ``},
		{404, "POST", "groups/sales-key/role-mappings/realm", `[{}]`},
		{404, "POST", "groups/sales-key/role-mappings/clients/none", `[]`},
		{400, "POST", "clients/orders-key/scope-mappings/realm", `[{"name": "clerk"}]`},
		{400, "POST", "client-scopes", `{"protocol": "openid-connect", "name": "` + long + `"}`},
		{400, "POST", "client-scopes", `{"protocol": "openid-connect", "name": "x", "protocolMappers": [
			{"name": "m", "protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper", "config": {"claim.name": "act"}}]}`},
		{404, "PUT", "clients/orders-key/protocol-mappers/models/none", `{"id": "x"}`},
		{400, "POST", "clients/orders-key/protocol-mappers/models", `{"name": "m", "protocol": "openid-connect",
			"protocolMapper": "oidc-hardcoded-claim-mapper", "config": {"claim.name": "act.sub"}}`},
	} {
		root.call(c.want, c.method, "guarded/"+c.path, c.body)
	}
}
