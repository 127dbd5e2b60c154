package server_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// configModules are those of the profile Config OP.
var configModules = []module{
	{"oidcc-discovery-endpoint-verification", func(x *trial) {
		d := discover(x)
		if d["issuer"] != x.issuer {
			x.Errorf("issuer %v", d["issuer"])
		}
		x.has(d, "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "registration_endpoint", "claims_supported")
		for name, value := range d {
			address, ok := value.(string)
			if ok && (strings.HasSuffix(name, "_endpoint") || strings.HasSuffix(name, "_uri")) && !strings.HasPrefix(address, "https://") {
				x.Errorf("%s is %s", name, address)
			}
		}
		for name, wants := range map[string][]string{
			"response_types_supported":                         {"code", "id_token", "id_token token"},
			"subject_types_supported":                          {"public"},
			"id_token_signing_alg_values_supported":            {"RS256"},
			"scopes_supported":                                 {"openid"},
			"grant_types_supported":                            {"authorization_code", "implicit"},
			"claims_supported":                                 {"sub", "iss", "auth_time", "acr"},
			"request_object_signing_alg_values_supported":      {"none", "RS256"},
			"code_challenge_methods_supported":                 {"S256"},
			"token_endpoint_auth_methods_supported":            {"client_secret_basic", "client_secret_post", "private_key_jwt"},
			"token_endpoint_auth_signing_alg_values_supported": {"RS256"},
		} {
			for _, want := range wants {
				if !slices.Contains(list(x, name), want) {
					x.Errorf("%s lacks %s", name, want)
				}
			}
		}
		for name, want := range map[string]bool{"claims_parameter_supported": true, "request_parameter_supported": true, "request_uri_parameter_supported": false} {
			if d[name] != want {
				x.Errorf("%s is %v", name, d[name])
			}
		}
		x.publicKeys(d["jwks_uri"].(string))
	}},
}

// publicKeys expects keys with ids of their own, and nothing private about them.
func (x *trial) publicKeys(address string) {
	x.Helper()
	q, err := http.NewRequestWithContext(x.Context(), "GET", address, nil)
	if err != nil {
		x.Fatal(err)
	}
	_, body := x.do(q)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(body, &set); err != nil || len(set.Keys) == 0 {
		x.Fatalf("%v: %s", err, body)
	}
	seen := map[string]bool{}
	for _, k := range set.Keys {
		if k.KeyID == "" || seen[k.KeyID] || !k.Valid() || !k.IsPublic() {
			x.Errorf("key %q: valid %v, public %v, seen %v", k.KeyID, k.Valid(), k.IsPublic(), seen[k.KeyID])
		}
		seen[k.KeyID] = true
	}
}

// discover reads the discovery document.
func discover(x *trial) map[string]any {
	x.Helper()
	q, err := http.NewRequestWithContext(x.Context(), "GET", x.issuer+"/.well-known/openid-configuration", nil)
	if err != nil {
		x.Fatal(err)
	}
	resp, err := x.web.Client().Do(q)
	if err != nil {
		x.Fatal(err)
	}
	defer resp.Body.Close()
	var d map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&d); err != nil {
		x.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
		x.Errorf("discovery: %s, %s", resp.Status, resp.Header.Get("Content-Type"))
	}
	return d
}

// list is a member of the discovery document that lists texts.
func list(x *trial, name string) (out []string) {
	x.Helper()
	values, _ := discover(x)[name].([]any)
	for _, v := range values {
		out = append(out, v.(string))
	}
	return out
}
