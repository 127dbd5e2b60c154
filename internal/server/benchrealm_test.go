package server_test

import (
	"encoding/json"
	"maps"
	"os"
	"testing"
)

// benchRealm is the shop of the recordings with long-lived tokens, stored events, an elliptic key, and a
// twin "…-es" for each client that is measured, whose tokens are signed by it. attributes are those of the realm.
func benchRealm(b *testing.B, name string, attributes map[string]string) []byte {
	return encode(b, benchFile(b, name, attributes))
}

func encode(b *testing.B, file map[string]any) []byte {
	text, err := json.Marshal(file)
	if err != nil {
		b.Fatal(err)
	}
	return text
}

func benchFile(b *testing.B, name string, attributes map[string]string) map[string]any {
	text, err := os.ReadFile("../keycloak/testdata/golden/shop.json")
	if err != nil {
		b.Fatal(err)
	}
	var r map[string]any
	if err := json.Unmarshal(text, &r); err != nil {
		b.Fatal(err)
	}
	r["realm"] = name
	r["attributes"] = attributes
	r["accessTokenLifespan"] = 7200
	r["ssoSessionIdleTimeout"], r["ssoSessionMaxLifespan"] = 36000, 36000
	r["eventsEnabled"] = true
	key := func(name, kind string, config map[string][]string) map[string]any {
		return map[string]any{"name": name, "providerId": kind, "config": config}
	}
	r["components"] = map[string]any{"org.keycloak.keys.KeyProvider": []any{
		key("rsa", "rsa-generated", map[string][]string{"priority": {"100"}}),
		key("ec", "ecdsa-generated", map[string][]string{"priority": {"0"}, "ecdsaEllipticCurveKey": {"P-256"}}),
		key("hmac", "hmac-generated", map[string][]string{"priority": {"100"}, "algorithm": {"HS512"}}),
	}}
	twins := map[string]bool{"spa": true, "gateway": true, "gateway-refresh": true}
	clients := r["clients"].([]any)
	for _, c := range clients {
		c := c.(map[string]any)
		if !twins[c["clientId"].(string)] {
			continue
		}
		twin, attributes := maps.Clone(c), map[string]any{"access.token.signed.response.alg": "ES256", "id.token.signed.response.alg": "ES256"}
		if of, ok := c["attributes"].(map[string]any); ok {
			maps.Copy(attributes, of)
		}
		twin["clientId"], twin["attributes"] = c["clientId"].(string)+"-es", attributes
		clients = append(clients, twin)
	}
	r["clients"] = clients
	for _, s := range r["clientScopes"].([]any) {
		s := s.(map[string]any)
		if s["name"] == "gateway-audience" {
			s["protocolMappers"] = append(s["protocolMappers"].([]any), map[string]any{
				"name": "gateway-es audience", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
				"config": map[string]string{"included.client.audience": "gateway-es", "access.token.claim": "true", "introspection.token.claim": "true"},
			})
		}
	}
	return r
}
