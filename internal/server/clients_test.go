package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// warehouse is a realm with a user whose name a service account would like, and a client with a role that
// others refer to.
const warehouse = `{"realm": "warehouse", "enabled": true, "sslRequired": "none",
	"clients": [{"id": "orders-key", "clientId": "orders", "secret": "hush", "attributes": {"tokenhouse.exchange.permitted": "billing"}},
		{"id": "web-key", "clientId": "web", "fullScopeAllowed": false}],
	"roles": {"realm": [{"name": "chief", "composite": true, "composites": {"client": {"orders": ["read"]}}}], "client": {"orders": [{"name": "read"}]}},
	"clientScopeMappings": {"orders": [{"client": "web", "roles": ["read"]}]},
	"users": [{"username": "service-account-taken", "enabled": true}]}`

func newWarehouse(t *testing.T, db database) officer {
	_, base := start(t, db.open(t), map[string][]byte{"warehouse.json": []byte(warehouse)})
	return newOfficer(t, base, "master", "admin")
}

// says sees that a call is answered with this text somewhere.
func (o officer) says(want int, text, method, path, body string) {
	o.Helper()
	if got := o.call(want, method, "warehouse/"+path, body); !strings.Contains(got, text) {
		o.Errorf("%s %s: %s", method, path, got)
	}
}

func TestClientsAreChecked(t *testing.T) {
	o := newWarehouse(t, databases[0])
	o.says(400, "tokenhouse.exchange.public", "PUT", "clients/orders-key", `{"attributes": {"tokenhouse.exchange.public": "perhaps"}}`)
	o.says(400, "not a uri", "PUT", "clients/orders-key", `{"attributes": {"tokenhouse.resources": "not a uri"}}`)
	o.says(400, "may not write the claim", "PUT", "clients/orders-key", `{"protocolMappers": [
		{"name": "m", "protocol": "openid-connect", "protocolMapper": "oidc-hardcoded-claim-mapper", "config": {"claim.name": "exchange_path"}}]}`)
	management := o.id("warehouse/clients/realm-management")
	o.says(400, "cannot be renamed", "PUT", "clients/"+management, `{"clientId": "other"}`)
	o.says(403, "Forbidden", "DELETE", "clients/"+management, "")
	o.says(409, "Duplicate resource error", "POST", "clients", `{"clientId": "taken", "serviceAccountsEnabled": true}`)
	o.says(200, "[]", "GET", "clients?clientId=taken", "") // not without its account

	// An empty list is none, and not any; null takes it away.
	o.call(204, "PUT", "warehouse/clients/orders-key", `{"attributes": {"tokenhouse.exchange.permitted": ""}}`)
	o.says(200, `"tokenhouse.exchange.permitted":"##"`, "GET", "clients/orders-key", "")
	o.call(204, "PUT", "warehouse/clients/orders-key", `{"attributes": {"tokenhouse.exchange.permitted": null}}`)
	if got := o.call(200, "GET", "warehouse/clients/orders-key", ""); strings.Contains(got, "tokenhouse.exchange.permitted") {
		t.Errorf("%s", got)
	}
}

// TestClientGoesWithAllItHas leaves nothing behind that refers to a client that is deleted.
func TestClientGoesWithAllItHas(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			o := newWarehouse(t, db)
			o.call(204, "PUT", "warehouse/clients/orders-key", `{"serviceAccountsEnabled": true}`)
			account := o.id("warehouse/clients/orders-key/service-account-user")
			o.call(204, "DELETE", "warehouse/clients/orders-key", "")
			o.says(404, "User not found", "GET", "users/"+account, "")
			o.says(200, `"composite":false`, "GET", "roles/chief", "")
			o.says(200, "{}", "GET", "clients/web-key/scope-mappings", "")
			o.call(201, "POST", "warehouse/clients", `{"id": "orders-key", "clientId": "orders", "serviceAccountsEnabled": true}`)
			o.says(200, "[]", "GET", "clients/orders-key/roles", "")
		})
	}
}

// TestPutOfGetChangesNothing holds for clients of every kind.
func TestPutOfGetChangesNothing(t *testing.T) {
	o := newWarehouse(t, databases[0])
	o.call(201, "POST", "warehouse/clients", `{"id": "saml", "clientId": "urn:saml", "protocol": "saml"}`)
	o.call(201, "POST", "warehouse/clients", `{"id": "full", "clientId": "full", "protocol": "openid-connect", "rootUrl": "https://full.example", "serviceAccountsEnabled": true}`)
	var all []map[string]any
	if err := json.Unmarshal([]byte(o.call(200, "GET", "warehouse/clients", "")), &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		at := fmt.Sprint("warehouse/clients/", c["id"])
		before := o.call(200, "GET", at, "")
		o.call(204, "PUT", at, before)
		if after := o.call(200, "GET", at, ""); after != before {
			t.Errorf("%v: before\n%s\nafter\n%s", c["clientId"], before, after)
		}
	}
}

// TestClientScopesOfAClient answers the debug command that shows both kinds.
func TestClientScopesOfAClient(t *testing.T) {
	o := newWarehouse(t, databases[0])
	for _, want := range []string{`"name":"profile","type":"default"`, `"name":"address","type":"optional"`} {
		o.says(200, want, "GET", "clients/web/client-scopes", "")
	}
}

// TestConvert reads both formats of a client's description, and no other.
func TestConvert(t *testing.T) {
	o := newWarehouse(t, databases[0])
	o.says(200, `"clientId":"x"`, "POST", "client-description-converter", `{"clientId": "x"}`)
	o.says(200, `"redirectUris":["https://x.example/cb"]`, "POST", "client-description-converter", `{"redirect_uris": ["https://x.example/cb"]}`)
	o.says(400, "Unsupported format", "POST", "client-description-converter", `<xml/>`)
}

// TestUploadCertificate keeps a certificate that a form brings, and refuses what it cannot read.
func TestUploadCertificate(t *testing.T) {
	o := newWarehouse(t, databases[0])
	var made struct{ Certificate string }
	if err := json.Unmarshal([]byte(o.call(200, "POST", "warehouse/clients/web-key/certificates/jwt.credential/generate", "")), &made); err != nil {
		t.Fatal(err)
	}
	upload := func(want int, format, text string) {
		t.Helper()
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		_ = form.WriteField("keystoreFormat", format)
		file, _ := form.CreateFormFile("file", "f")
		_, _ = file.Write([]byte(text))
		_ = form.Close()
		q, err := http.NewRequestWithContext(t.Context(), "POST", o.base+"warehouse/clients/orders-key/certificates/jwt.credential/upload-certificate", &body)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Content-Type", form.FormDataContentType())
		q.Header.Set("Authorization", "Bearer "+o.token)
		resp, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", format, resp.StatusCode, want)
		}
	}
	upload(400, "Certificate PEM", "none")
	upload(400, "JKS", "none")
	upload(400, "", made.Certificate)
	upload(200, "Certificate PEM", made.Certificate)
	o.says(200, made.Certificate, "GET", "clients/orders-key/certificates/jwt.credential", "")
	o.says(400, "keystores are not written", "POST", "clients/orders-key/certificates/jwt.credential/download", "{}")
}

// TestPushRevocation tells a client at its admin URL which tokens count no more.
func TestPushRevocation(t *testing.T) {
	var heard []string
	adapter := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard = append(heard, r.URL.Path)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer adapter.Close()
	o := newWarehouse(t, databases[0])
	o.call(204, "PUT", "warehouse/clients/web-key", `{"adminUrl": "`+adapter.URL+`/app"}`)
	got := o.call(200, "POST", "warehouse/clients/web-key/push-revocation", "")
	switch {
	case strings.Contains(got, "successRequests"):
		if len(heard) != 1 || heard[0] != "/app/k_push_not_before" {
			t.Errorf("heard %v", heard)
		}
	case !strings.Contains(got, "failedRequests"): // a server that fetches from no private address
		t.Errorf("%s", got)
	}
}
