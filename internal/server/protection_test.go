package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/server"
)

// basin has resource servers: one with a service account in the file and three without, the role being there, or
// nowhere, or named by a policy alone. That last one is known by its settings, one more client is none.
const basin = `{"realm": "basin", "enabled": true, "sslRequired": "none", "adminEventsEnabled": true, "adminEventsDetailsEnabled": true,
	"roles": {"client": {"crane": [{"name": "uma_protection", "description": "of the crane"}]}},
	"clients": [
		{"id": "known", "clientId": "Known", "secret": "s", "authorizationServicesEnabled": true, "serviceAccountsEnabled": true},
		{"id": "dock", "clientId": "dock", "secret": "s", "authorizationServicesEnabled": true},
		{"id": "crane", "clientId": "crane", "secret": "s", "authorizationServicesEnabled": true},
		{"id": "pier", "clientId": "pier", "secret": "s", "authorizationSettings": {"policies": [
			{"name": "p", "type": "role", "config": {"roles": "[{\"id\":\"pier/uma_protection\"}]"}}]}},
		{"id": "boat", "clientId": "boat", "secret": "s", "serviceAccountsEnabled": true}],
	"users": [{"username": "service-account-known", "enabled": true, "serviceAccountClientId": "Known"}]}`

// TestProtectionRole gives resource servers the role that Keycloak gives them.
func TestProtectionRole(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) { protection(t, db.open(t)) })
	}
}

// guardsOf are the roles of a client, and those of them that its service account has.
func (o officer) guardsOf(client string) (roles, given []string) {
	o.Helper()
	at := "basin/clients/" + client
	return o.names(at + "/roles"), o.names("basin/users/" + o.id(at+"/service-account-user") + "/role-mappings/clients/" + client)
}

func protection(t *testing.T, db server.Database) {
	s, base := start(t, db, map[string][]byte{"basin.json": []byte(basin)})
	root := newOfficer(t, base, "master", "admin")
	role, none := []string{"uma_protection"}, []string{}
	expect := func(what, client string, roles, given []string) {
		t.Helper()
		gotRoles, gotGiven := root.guardsOf(client)
		if diff := cmp.Diff([][]string{roles, given}, [][]string{gotRoles, gotGiven}); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
	}
	expect("imported with its account", "known", none, none)
	expect("imported", "dock", role, role)
	expect("imported with the role", "crane", role, role)
	expect("imported with a policy", "pier", role, role)
	expect("imported without authorization", "boat", none, none)
	if text := root.call(200, "GET", "basin/clients/crane/roles/uma_protection", ""); !strings.Contains(text, "of the crane") {
		t.Errorf("the role that was there is not used: %s", text)
	}

	root.call(200, "POST", "basin/partialImport", `{"clients": [{"clientId": "buoy", "secret": "s", "authorizationServicesEnabled": true}]}`)
	expect("imported in part", clientKey(t, s, "basin", "buoy"), none, none)

	root.call(201, "POST", "basin/clients", `{"id": "new", "clientId": "new", "publicClient": false, "authorizationServicesEnabled": true, "serviceAccountsEnabled": true}`)
	expect("made", "new", role, role)
	if text := root.call(200, "GET", "basin/clients/new/roles/uma_protection", ""); strings.Contains(text, "description") || !strings.Contains(text, `"attributes":{}`) {
		t.Errorf("the role: %s", text)
	}
	root.switches("CREATE")

	account := "basin/users/" + root.id("basin/clients/new/service-account-user") + "/role-mappings/clients/new"
	root.call(204, "DELETE", account, "["+root.call(200, "GET", "basin/clients/new/roles/uma_protection", "")+"]")
	root.call(204, "PUT", "basin/clients/new", `{"authorizationServicesEnabled": true}`)
	root.call(204, "PUT", "basin/clients/new", `{"description": "what protects itself"}`)
	expect("still on", "new", role, none)
	root.switches()
	root.call(204, "PUT", "basin/clients/new", `{"authorizationServicesEnabled": false}`)
	expect("off", "new", role, none)
	root.switches("DELETE")
	root.call(204, "PUT", "basin/clients/new", `{"authorizationServicesEnabled": true}`)
	expect("on again", "new", role, role)
	root.switches("CREATE")
	root.call(204, "PUT", "basin/clients/new", `{"publicClient": true}`)
	expect("public", "new", role, role)
	root.switches("DELETE")

	root.call(204, "PUT", "basin/clients/boat", `{"authorizationServicesEnabled": true}`)
	expect("with an account that was there", "boat", role, role)
}

// switches wants the admin events that the client "new" became a resource server, or is none any more, since it was asked last.
func (o officer) switches(want ...string) {
	o.Helper()
	var events []struct{ OperationType, ResourceType, ResourcePath, Representation string }
	if text := o.call(200, "GET", "basin/admin-events?resourceTypes=AUTHORIZATION_RESOURCE_SERVER", ""); json.Unmarshal([]byte(text), &events) != nil {
		o.Fatalf("admin events: %s", text)
	}
	var got []string
	for _, e := range events {
		got = append(got, e.OperationType)
		if e.ResourcePath != "clients/new" || e.Representation != `{"id":"new","clientId":"new","name":"new","allowRemoteResourceManagement":true,"policyEnforcementMode":"ENFORCING",`+
			`"resources":[],"policies":[],"scopes":[],"decisionStrategy":"UNANIMOUS"}` {
			o.Errorf("admin event %+v", e)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		o.Errorf("admin events: %s", diff)
	}
	o.call(204, "DELETE", "basin/admin-events", "")
}
