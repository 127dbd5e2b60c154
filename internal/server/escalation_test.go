package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// kept is a realm with an administrator "keeper" who has some rights; the group "admins" has all.
const kept = `{"realm": "kept", "enabled": true, "sslRequired": "none",
	"passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
	"groups": [
		{"id": "admins-key", "name": "admins", "clientRoles": {"realm-management": ["realm-admin"]}, "subGroups": [{"id": "deputies-key", "name": "deputies"}]},
		{"id": "sales-key", "name": "sales"}],
	"users": [{"id": "keeper-key", "username": "keeper", "enabled": true, "email": "k@example.test", "firstName": "K", "lastName": "K",
		"credentials": [{"type": "password", "value": "keeper"}], "clientRoles": {"realm-management": ["manage-realm", "manage-clients", "manage-users"]}}]}`

// TestRightsAreNotImported: who may import parts of a realm, and say what everybody gets, does not come to more
// rights by it.
func TestRightsAreNotImported(t *testing.T) {
	_, base := start(t, databases[0].open(t), map[string][]byte{"kept.json": []byte(kept)})
	keeper := newOfficer(t, base, "kept", "keeper")
	part := func(text string) string { return `{"ifResourceExists": "OVERWRITE", ` + text + `}` }
	for name, c := range map[string]struct{ method, path, body string }{
		"a user in a group that has rights":   {"POST", "kept/partialImport", part(`"users": [{"username": "mole", "groups": ["/admins"]}]`)},
		"a user below a group that has":       {"POST", "kept/partialImport", part(`"users": [{"username": "mole", "groups": ["/admins/deputies"]}]`)},
		"oneself in such a group":             {"POST", "kept/partialImport", part(`"users": [{"username": "keeper", "groups": ["admins"]}]`)},
		"a role of administrators anew":       {"POST", "kept/partialImport", part(`"roles": {"client": {"realm-management": [{"name": "view-events"}]}}`)},
		"one more role of administrators":     {"POST", "kept/partialImport", part(`"roles": {"client": {"realm-management": [{"name": "view-all"}]}}`)},
		"a group with rights for everybody":   {"PUT", "kept/default-groups/admins-key", ""},
		"a group below one, for everybody":    {"PUT", "kept/default-groups/deputies-key", ""},
		"rights for everybody, by a role":     {"POST", "kept/partialImport", part(`"roles": {"realm": [{"name": "all", "composites": {"client": {"realm-management": ["realm-admin"]}}}]}`)},
		"rights of a user's own, by the file": {"POST", "kept/partialImport", part(`"users": [{"username": "mole", "clientRoles": {"realm-management": ["realm-admin"]}}]`)},
	} {
		t.Run(name, func(t *testing.T) {
			keeper := keeper
			keeper.T = t
			keeper.call(http.StatusForbidden, c.method, c.path, c.body)
		})
	}
	keeper.call(200, "POST", "kept/partialImport", part(`"users": [{"username": "clerk", "groups": ["/sales"]}], "roles": {"realm": [{"name": "clerk"}]}`))
	keeper.call(204, "PUT", "kept/default-groups/sales-key", "")
}

// TestRightsAreNotMapped: who may change identity providers does not come to more rights by a mapper that gives
// them to whoever signs in.
func TestRightsAreNotMapped(t *testing.T) {
	file := strings.Replace(kept, `["manage-realm", "manage-clients", "manage-users"]`, `["manage-realm", "manage-identity-providers"]`, 1)
	_, base := start(t, databases[0].open(t), map[string][]byte{"kept.json": []byte(file)})
	keeper := newOfficer(t, base, "kept", "keeper")
	const mappers = "kept/identity-provider/instances/up/mappers"
	mapper := func(role string) string {
		return `{"name": "m-` + role + `", "identityProviderAlias": "up", "identityProviderMapper": "oidc-hardcoded-role-idp-mapper", "config": {"role": "` + role + `"}}`
	}
	keeper.call(201, "POST", "kept/identity-provider/instances", `{"alias": "up", "providerId": "oidc"}`)
	keeper.call(201, "POST", "kept/roles", `{"name": "clerk"}`)
	keeper.call(201, "POST", mappers, mapper("clerk"))
	keeper.call(201, "POST", mappers, mapper("realm-management.manage-identity-providers"))
	keeper.call(403, "POST", mappers, mapper("realm-management.realm-admin"))
	keeper.call(403, "POST", mappers, mapper("realm-management.manage-users"))
	var list []struct{ ID, Name string }
	if err := json.Unmarshal([]byte(keeper.call(200, "GET", mappers, "")), &list); err != nil || len(list) != 2 {
		t.Fatal(err, list)
	}
	keeper.call(403, "PUT", mappers+"/"+list[0].ID, mapper("realm-management.realm-admin"))
	part := func(role string) string {
		return `{"ifResourceExists": "OVERWRITE", "identityProviderMappers": [` + mapper(role) + `]}`
	}
	keeper.call(403, "POST", "kept/partialImport", part("realm-management.realm-admin"))
	keeper.call(200, "POST", "kept/partialImport", part("clerk"))

	// Nor by one that puts whoever signs in into a group that has them.
	joins := func(group string) string {
		return `{"name": "g-` + group + `", "identityProviderAlias": "up", "identityProviderMapper": "oidc-hardcoded-group-idp-mapper", "config": {"group": "` + group + `"}}`
	}
	keeper.call(201, "POST", mappers, joins("/sales"))
	for _, group := range []string{"/admins", "/admins/deputies", "admins", "admins/deputies/", "//admins"} {
		keeper.call(403, "POST", mappers, joins(group))
		keeper.call(403, "PUT", mappers+"/"+list[0].ID, joins(group))
		keeper.call(403, "POST", "kept/partialImport", `{"ifResourceExists": "OVERWRITE", "identityProviderMappers": [`+joins(group)+`]}`)
	}
	keeper.call(200, "POST", "kept/partialImport", `{"ifResourceExists": "OVERWRITE", "identityProviderMappers": [`+joins("/sales")+`]}`)
}

// TestManagementClientsAreNotMadeUp: the rights in a realm are roles of a client of the master realm, by its name.
// Who may not make realms cannot have such a client ready for when somebody else makes one, nor be what holds
// the rights in all new realms.
func TestManagementClientsAreNotMadeUp(t *testing.T) {
	_, base := start(t, databases[0].open(t), map[string][]byte{"kept.json": []byte(kept)})
	root := newOfficer(t, base, "master", "admin")
	aide := newAide(t, root, base)

	aide.call(201, "POST", "master/clients", `{"id": "stage-key", "clientId": "stage"}`)
	aide.call(201, "POST", "master/clients/stage-key/roles", `{"name": "manage-users"}`)
	for name, c := range map[string]struct{ method, path, body string }{
		"a client of that name":             {"POST", "clients", `{"clientId": "future-realm"}`},
		"a client by another name, renamed": {"PUT", "clients/stage-key", `{"clientId": "future-realm"}`},
		"a client that is imported":         {"POST", "partialImport", `{"clients": [{"clientId": "future-realm"}]}`},
		"another role that holds all":       {"PUT", "roles/admin", `{"name": "nobody"}`},
		"no role that holds all":            {"DELETE", "roles/admin", ""},
		"the role that holds all, imported": {"POST", "partialImport", `{"ifResourceExists": "OVERWRITE", "roles": {"realm": [{"name": "admin"}]}}`},
		"no client of another realm":        {"DELETE", "clients/" + root.id("master/clients/kept-realm"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			aide := aide
			aide.T = t
			aide.call(http.StatusForbidden, c.method, "master/"+c.path, c.body)
		})
	}
	registrar := applicant{t, base + "/realms/master/clients-registrations/default"}
	registrar.refused(403, "insufficient_scope", "The name is kept for clients that hold the rights of administrators", "POST", "", aide.token, `{"clientId": "future-realm"}`)
	registrar.refused(403, "insufficient_scope", "The client holds the rights of administrators", "DELETE", "/kept-realm", aide.token, "")
	root.call(201, "POST", "master/clients", `{"clientId": "spare-realm"}`)
}

// newAide is an administrator of the master realm with some rights there, and none in other realms.
func newAide(t *testing.T, root officer, base string) officer {
	t.Helper()
	root.call(201, "POST", "master/users", `{"username": "aide", "enabled": true, "email": "a@example.test", "firstName": "A", "lastName": "A",
		"credentials": [{"type": "password", "value": "aide"}]}`)
	var found []struct{ ID string }
	if err := json.Unmarshal([]byte(root.call(200, "GET", "master/users?username=aide&exact=true", "")), &found); err != nil || len(found) != 1 {
		t.Fatal(err, found)
	}
	id := found[0].ID
	client := root.id("master/clients/master-realm")
	var roles []string
	for _, name := range []string{"manage-realm", "manage-clients", "manage-users"} {
		roles = append(roles, fmt.Sprintf(`{"id": %q, "name": %q}`, root.id("master/clients/"+client+"/roles/"+name), name))
	}
	root.call(204, "POST", "master/users/"+id+"/role-mappings/clients/"+client, "["+strings.Join(roles, ",")+"]")
	return newOfficer(t, base, "master", "aide")
}

// TestMailPasswordStays: the stored password of a realm's mail server is not sent to another server, whoever asks
// to try that one.
func TestMailPasswordStays(t *testing.T) {
	realm := strings.Replace(kept, `"sslRequired"`, `"smtpServer": {"host": "127.0.0.1", "port": "1", "user": "post", "auth": "true", "password": "hush"}, "sslRequired"`, 1)
	_, base := start(t, databases[0].open(t), map[string][]byte{"kept.json": []byte(realm)})
	keeper := newOfficer(t, base, "kept", "keeper")
	try := func(host, port, user string) string {
		body := fmt.Sprintf(`{"host": %q, "port": %q, "user": %q, "from": "a@b.example", "auth": "true", "password": "**********"}`, host, port, user)
		return fmt.Sprint(keeper.call(http.StatusBadRequest, "POST", "kept/testSMTPConnection", body))
	}
	for setting, answer := range map[string]string{"host": try("localhost", "1", "post"), "port": try("127.0.0.1", "2", "post"), "user": try("127.0.0.1", "1", "thief")} {
		if !strings.Contains(answer, "The password has to be given again with another "+setting) {
			t.Errorf("another %s: %s", setting, answer)
		}
	}
	if answer := try("127.0.0.1", "1", "post"); strings.Contains(answer, "has to be given again") {
		t.Errorf("the realm's own server: %s", answer)
	}
}
