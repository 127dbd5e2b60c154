package server

import (
	"encoding/json"
	"strings"
	"testing"
)

// Explanations are for who may look at clients, and at users where one is named, and hold no secrets.
func TestExplain(t *testing.T) {
	o := newOffice(t)
	o.signIn("realm-admin")
	o.signIn("somebody")
	const somebody = `{"client":"desk","user":"somebody","want":["desk"]}`
	for _, tt := range []struct {
		what, who, body string
		status          int
		says            string
	}{
		{"audience", "", somebody, 401, "401"},
		{"audience", "somebody", somebody, 403, "403"},
		{"audience", "view-users", somebody, 403, "403"},
		{"audience", "view-clients", somebody, 403, "403"}, // tells of a user
		{"audience", "view-clients", `{"client":"desk"}`, 400, "has no service account"},
		{"audience", "realm-admin", somebody, 200, `"audience":"desk","reached":false`},
		{"audience", "realm-admin", `{"client":"a-client","user":"somebody"}`, 200, `"wanted":[]`},
		{"audience", "realm-admin", `{"client":"none","user":"somebody"}`, 404, `no client \"none\"`},
		{"audience", "realm-admin", `{"client":"desk","user":"nobody"}`, 404, `no user \"nobody\"`},
		{"audience", "realm-admin", `{"user":"somebody"}`, 400, "a client has to be named"},
		{"audience", "realm-admin", `{"client":"desk","person":"somebody"}`, 400, `unknown member \"person\"`},
		{"audience", "realm-admin", `{"client":"desk","user":"somebody","want":["` + strings.Repeat(`x","`, 50) + `x"]}`, 400, "more than 50"},
		{"exchange", "realm-admin", `{"client":"desk","user":"somebody"}`, 200, `"granted":false`},
		{"exchange", "realm-admin", `{"client":"desk","user":"somebody","requestedTokenType":"saml"}`, 400, "none of access, refresh, id"},
		{"exchange", "realm-admin", `{"client":"desk","subjectClient":"none","user":"somebody"}`, 404, `no client \"none\"`},
		{"exchange", "view-clients", somebody, 403, "403"},
		{"exchange", "view-clients", `{"client":"desk","actorUser":"somebody"}`, 403, "403"},
		{"exchange", "view-clients", `{"client":"desk","requestedSubject":"somebody"}`, 403, "403"},
		{"exchange", "realm-admin", `{"client":"desk","user":"somebody","actorUser":"nobody"}`, 404, `no user \"nobody\"`},
		{"exchange", "realm-admin", `{"client":"desk","user":"somebody","actorClient":"none"}`, 404, `no client \"none\"`},
		{"exchange", "view-clients", `{"client":"desk","subjectIssuer":"partner"}`, 403, "403"}, // tells of a provider
		{"exchange", "view-clients", `{"client":"desk","requestedIssuer":"partner"}`, 403, "403"},
		{"exchange", "realm-admin", `{"client":"desk","subjectIssuer":"partner","subjectClaims":{"sub":"x"}}`, 200, `subject_issuer' is not supported`},
		{"jwt-grant", "view-clients", `{"client":"desk","issuer":"partner"}`, 403, "403"},
		{"jwt-grant", "view-clients", `{"client":"desk","claims":{"sub":"x"}}`, 403, "403"},
		{"jwt-grant", "realm-admin", `{"client":"desk","claims":{"iss":"https://partner.example","sub":"x"}}`, 200, `JWT Authorization Grant is not supported`},
		{"jwt-grant", "realm-admin", `{"client":"desk","claims":[]}`, 400, "a JSON object"},
		{"token", "realm-admin", somebody, 200, `"preferred_username":"somebody"`},
		{"token", "view-clients", somebody, 403, "403"},
	} {
		got := o.send("POST", "/admin/realms/office/tokenhouse/explain/"+tt.what, tt.who, tt.body)
		if text := got.Body.String(); got.Code != tt.status || !strings.Contains(text, tt.says) || strings.Contains(text, "desk-secret") {
			t.Errorf("%s %s by %q is answered %d %s, want %d with %s", tt.what, tt.body, tt.who, got.Code, text, tt.status, tt.says)
		}
	}
}

// The exchange graph is for who may look at clients, and holds no secrets.
func TestExchangeGraph(t *testing.T) {
	o := newOffice(t)
	o.signIn("somebody")
	for _, tt := range []struct {
		query, who string
		status     int
		says       string
	}{
		{"", "", 401, "401"},
		{"", "somebody", 403, "403"},
		{"", "view-users", 403, "403"},
		{"", "view-clients", 200, `{"client":"desk","entry":true,"tokensName":["account","broker","realm-management"]`},
		{"?from=desk", "view-clients", 200, `"reach":{"from":"desk","paths":[{"from":"desk","to":"account","hops":[{"from":"desk","to":"account","exchange":false,"ways":[{"rule":"audience.role"`},
		{"?to=desk", "view-clients", 200, `"reach":{"to":"desk","paths":[]`},
		{"?from=desk&to=account", "view-clients", 200, `"more":false`},
		{"?client=desk", "view-clients", 200, `"opens":{"client":"desk"`},
		{"?client=desk&to=account", "view-clients", 400, "client excludes from and to"},
		{"?from=none", "view-clients", 404, `no client \"none\"`},
		{"?to=none", "view-clients", 404, `no client and no custom audience \"none\"`},
	} {
		got := o.send("GET", "/admin/realms/office/tokenhouse/graph"+tt.query, tt.who, "")
		if text := got.Body.String(); got.Code != tt.status || !strings.Contains(text, tt.says) || strings.Contains(text, "desk-secret") {
			t.Errorf("%s by %q is answered %d %s, want %d with %s", tt.query, tt.who, got.Code, text, tt.status, tt.says)
		}
	}
}

// What the server runs on is for administrators of the master realm, and nothing for who administrates nothing.
func TestServerInfoByRights(t *testing.T) {
	o := newOffice(t)
	o.signIn("somebody")
	for who, want := range map[string]int{"": 401, "somebody": 403, "impersonation": 200, "view-clients": 200} {
		got := o.send("GET", "/admin/serverinfo", who, "")
		if got.Code != want {
			t.Errorf("%q is answered %d, want %d", who, got.Code, want)
		}
		var info struct {
			System map[string]any `json:"systemInfo"`
			Memory any            `json:"memoryInfo"`
		}
		if got.Code != 200 {
			continue
		}
		if err := json.Unmarshal(got.Body.Bytes(), &info); err != nil {
			t.Fatal(err)
		}
		if len(info.System) != 1 || info.System["version"] == "" || info.Memory != nil {
			t.Errorf("%q is told %v", who, info)
		}
	}
}
