package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// open is a realm where applications on this machine may register themselves, and others not.
const open = `{"realm": "open", "enabled": true, "sslRequired": "none", "eventsEnabled": true,
	"clients": [{"id": "old-key", "clientId": "old", "secret": "hush", "redirectUris": ["http://localhost/*"]}],
	"clientScopes": [{"name": "orders", "protocol": "openid-connect"}], "defaultOptionalClientScopes": [],
	"components": {"org.keycloak.services.clientregistration.policy.ClientRegistrationPolicy": [
		{"name": "Trusted Hosts", "providerId": "trusted-hosts", "subType": "anonymous", "subComponents": {},
			"config": {"trusted-hosts": ["localhost"], "host-sending-registration-request-must-match": ["true"], "client-uris-must-match": ["true"]}},
		{"name": "Consent Required", "providerId": "consent-required", "subType": "anonymous", "subComponents": {}, "config": {}},
		{"name": "Full Scope Disabled", "providerId": "scope", "subType": "anonymous", "subComponents": {}, "config": {}},
		{"name": "Allowed Client Scopes", "providerId": "allowed-client-templates", "subType": "authenticated", "subComponents": {}, "config": {"allow-default-scopes": ["true"]}}]}}`

// applicant calls the registration service.
type applicant struct {
	*testing.T
	base string
}

// call gives the members of the answer where the status is the one that is wanted.
func (a applicant) call(want int, method, path, token, body string) map[string]any {
	a.Helper()
	q, err := http.NewRequestWithContext(a.Context(), method, a.base+path, strings.NewReader(body))
	if err != nil {
		a.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		a.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		a.Fatal(err)
	}
	if resp.StatusCode != want {
		a.Errorf("%s %s: %d, want %d: %s", method, path, resp.StatusCode, want, text)
	}
	members := map[string]any{}
	if len(text) > 0 && json.Unmarshal(text, &members) != nil {
		a.Errorf("%s %s: %s", method, path, text)
	}
	return members
}

// refused sees that a call is refused with these words.
func (a applicant) refused(want int, code, words, method, path, token, body string) {
	a.Helper()
	got := a.call(want, method, path, token, body)
	if got["error"] != code || got["error_description"] != words {
		a.Errorf("%s %s: %v", method, path, got)
	}
}

func newApplicant(t *testing.T, db database) (applicant, officer) {
	_, base := start(t, db.open(t), map[string][]byte{"open.json": []byte(open)})
	return applicant{t, base + "/realms/open/clients-registrations"}, newOfficer(t, base, "master", "admin")
}

// TestRegistration is the life of a client that registers itself (RFC 7591, RFC 7592).
func TestRegistration(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			a, _ := newApplicant(t, db)
			made := a.call(201, "POST", "/openid-connect", "", `{"client_name": "App", "redirect_uris": ["http://localhost/cb"], "x_unknown": 1}`)
			id, first := made["client_id"].(string), made["registration_access_token"].(string)
			if made["client_secret"] == nil || made["client_secret_expires_at"] != 0.0 || made["registration_client_uri"] != a.base+"/openid-connect/"+id {
				t.Errorf("made: %v", made)
			}
			at := "/openid-connect/" + id
			if got := a.call(200, "GET", at, first, ""); got["client_name"] != "App" || got["registration_access_token"] != first {
				t.Errorf("view: %v", got)
			}
			changed := a.call(200, "PUT", at, first, `{"client_id": "`+id+`", "client_name": "Better", "redirect_uris": ["http://localhost/cb2"]}`)
			second, _ := changed["registration_access_token"].(string)
			if changed["client_name"] != "Better" || second == "" || second == first {
				t.Errorf("changed: %v", changed)
			}
			const notAllowed = "Not authorized to update client. Maybe missing token or bad token type."
			a.refused(401, "invalid_token", notAllowed, "PUT", at, first, `{"client_id": "`+id+`", "client_name": "Worse"}`)
			a.refused(401, "invalid_token", notAllowed, "DELETE", at, first, "")
			a.refused(400, "invalid_client_metadata", "Client Identifier modified", "PUT", at, second, `{"client_id": "other"}`)
			a.refused(401, "invalid_token", notAllowed, "DELETE", "/default/old", second, "")
			a.call(204, "DELETE", at, second, "")
			a.refused(401, "invalid_token", "Not authorized to view client. Not valid token or client credentials provided.", "GET", at, second, "")
		})
	}
}

// TestRegistrationIsLimited refuses what a client may not say of itself.
func TestRegistrationIsLimited(t *testing.T) {
	a, root := newApplicant(t, databases[0])
	rejected := func(policy, why string) string {
		return "Policy '" + policy + "' rejected request to client-registration service. Details: " + why
	}
	a.refused(403, "insufficient_scope", rejected("Trusted Hosts", "URI doesn't match any trusted host or trusted domain"),
		"POST", "/openid-connect", "", `{"redirect_uris": ["https://evil.test/cb"]}`)
	a.refused(403, "insufficient_scope", "Not permitted to change attributes tokenhouse.*",
		"POST", "/default", "", `{"clientId": "greedy", "attributes": {"tokenhouse.exchange.external": "true"}}`)
	a.refused(400, "invalid_client_metadata", "Client Identifier in use", "POST", "/default", "", `{"clientId": "old"}`)
	a.refused(400, "invalid_client_metadata", "Client Identifier included", "POST", "/openid-connect", "", `{"client_id": "mine"}`)
	a.refused(400, "invalid_client_metadata", "Client metadata invalid", "POST", "/openid-connect", "", `{"token_endpoint_auth_method": "smile"}`)
	a.refused(400, "invalid_redirect_uri", "A redirect URI must not contain an URL fragment", "POST", "/openid-connect", "", `{"redirect_uris": ["http://localhost/#x"]}`)
	a.refused(401, "invalid_token", "Failed decode token", "POST", "/default", "none", `{"clientId": "x"}`)
	a.refused(401, "invalid_token", "Failed decode token", "POST", "/default", root.token, `{"clientId": "x"}`) // of another realm

	made := a.call(201, "POST", "/default", "", `{"id": "old-key", "clientId": "mine", "redirectUris": ["http://localhost/cb"], "fullScopeAllowed": true}`)
	if made["consentRequired"] != true || made["fullScopeAllowed"] != false || made["id"] == "old-key" {
		t.Errorf("the policies did not shape it: %v", made)
	}
	token := made["registrationAccessToken"].(string)
	a.refused(403, "insufficient_scope", rejected("Full Scope Disabled", "Not permitted to enable fullScopeAllowed"),
		"PUT", "/default/mine", token, `{"clientId": "mine", "fullScopeAllowed": true}`)
	const trust = "Not permitted to change whom the client trusts, and what it may read"
	for _, attributes := range []string{`"oauth2.jwt.authorization.grant.enabled": "true"`, `"oauth2.jwt.authorization.grant.idp": "partner"`,
		`"id.jag.issuance.enabled": "true"`, `"id.jag.allowed.audiences": "https://other.example"`, `"id.jag.allowed.scopes": "all"`, `"id.jag.client.id": "other"`,
		`"jwt.credential.issuer": "partner"`, `"jwt.credential.sub": "somebody"`, `"allow.token.introspection.without.audience.check": "true"`} {
		a.refused(403, "insufficient_scope", trust, "PUT", "/default/mine", token, `{"clientId": "mine", "attributes": {`+attributes+`}}`)
	}
	a.refused(403, "insufficient_scope", "Not permitted to change attributes tokenhouse.*",
		"PUT", "/default/mine", token, `{"clientId": "mine", "attributes": {"tokenhouse.resources": "https://orders"}}`)
	if got := a.call(200, "GET", "/default/mine", token, ""); got["fullScopeAllowed"] != false {
		t.Errorf("after what was refused: %v", got)
	}
}

// TestInitialAccess registers as many clients as an administrator allowed, and no more.
func TestInitialAccess(t *testing.T) {
	a, root := newApplicant(t, databases[0])
	var initial struct{ ID, Token string }
	text := root.call(201, "POST", "open/clients-initial-access", `{"count": 2, "expiration": 600}`)
	if err := json.Unmarshal([]byte(text), &initial); err != nil || initial.Token == "" {
		t.Fatalf("%s", text)
	}
	a.call(201, "POST", "/openid-connect", initial.Token, `{"redirect_uris": ["https://anywhere.test/cb"]}`)
	a.refused(403, "insufficient_scope", "Policy 'Allowed Client Scopes' rejected request to client-registration service. Details: Not permitted to use specified clientScope",
		"POST", "/openid-connect", initial.Token, `{"scope": "orders"}`)
	a.call(201, "POST", "/default", initial.Token, `{"clientId": "second"}`) // what was refused cost nothing
	a.refused(401, "invalid_token", "No remaining count on initial access token", "POST", "/default", initial.Token, `{"clientId": "third"}`)
	a.refused(401, "invalid_token", "Not initial access token allowed", "GET", "/default/second", initial.Token, "")
	if list := root.call(200, "GET", "open/clients-initial-access", ""); !strings.Contains(list, `"remainingCount":0`) || strings.Contains(list, "token") {
		t.Errorf("%s", list)
	}
	root.call(204, "DELETE", "open/clients-initial-access/"+initial.ID, "")
	a.refused(401, "invalid_token", "Initial Access Token not found", "POST", "/default", initial.Token, `{"clientId": "third"}`)
}

// TestInstallation answers an adapter's configuration to a client that proves who it is.
func TestInstallation(t *testing.T) {
	a, _ := newApplicant(t, databases[0])
	a.refused(401, "invalid_token", "Failed to authenticate client", "GET", "/install/old", "", "")
	q, err := http.NewRequestWithContext(t.Context(), "GET", a.base+"/install/old", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.SetBasicAuth("old", "hush")
	resp, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != 200 || !strings.Contains(string(text), `"secret":"hush"`) {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}
