package idp_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/idp"
)

// TestCheck refuses providers that cannot work, and addresses without TLS where the realm demands it.
func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		ssl, alias string
		config     map[string]string
		want       string
	}{
		"plain":             {"external", "partner", nil, "<nil>"},
		"blank":             {"none", "a b", nil, "Empty Space not allowed."},
		"slash":             {"none", "a/b", nil, "Character '/' not allowed."},
		"no address":        {"none", "a", map[string]string{"tokenUrl": "not a url"}, "The url [token_url] is malformed"},
		"script":            {"none", "a", map[string]string{"logoutUrl": "javascript:alert(1)"}, "The url [logout_url] is malformed"},
		"no web address":    {"external", "a", map[string]string{"logoutUrl": "ftp://idp.example"}, "Invalid protocol/scheme for url [logout_url]"},
		"no way of PKCE":    {"external", "a", map[string]string{"pkceEnabled": "true"}, "PKCE Method not supported: null"},
		"a way of PKCE":     {"external", "a", map[string]string{"pkceEnabled": "true", "pkceMethod": "S256"}, "<nil>"},
		"without TLS":       {"external", "a", map[string]string{"jwksUrl": "http://idp.example/jwks"}, "The url [jwks_url] requires secure connections"},
		"without TLS, here": {"external", "a", map[string]string{"jwksUrl": "http://localhost:8080/jwks"}, "<nil>"},
		"TLS for all":       {"all", "a", map[string]string{"jwksUrl": "http://localhost:8080/jwks"}, "The url [jwks_url] requires secure connections"},
		"no keys": {"none", "a", map[string]string{"validateSignature": "true"},
			"The 'Validating public key' is required when 'Validate signatures' enabled and 'Use JWKS URL' disabled"},
		"keys at a URL":        {"none", "a", map[string]string{"validateSignature": "true", "useJwksUrl": "true", "jwksUrl": "https://idp.example/jwks"}, "<nil>"},
		"bundle without TLS":   {"external", "a", map[string]string{"bundleEndpoint": "http://spire.example"}, "The url [bundleEndpoint] requires secure connections"},
		"no issuer for people": {"external", "a", map[string]string{"issuer": "people"}, "<nil>"},
	} {
		err := idp.Check(&realm.Settings{SSLRequired: c.ssl}, &realm.Provider{Alias: c.alias, Kind: "oidc", Config: c.config})
		got := fmt.Sprint(err)
		var invalid *fault.Invalid
		if errors.As(err, &invalid) {
			got = invalid.Message
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestCheckKind demands what providers of a kind cannot do without.
func TestCheckKind(t *testing.T) {
	for kind, setting := range map[string]string{"oauth2": "userInfoUrl", "jwt-authorization-grant": "issuer"} {
		p := &realm.Provider{Alias: "a", Kind: kind, Config: map[string]string{}}
		var invalid *fault.Invalid
		if err := idp.Check(&realm.Settings{}, p); !errors.As(err, &invalid) || invalid.Field != "config."+setting {
			t.Errorf("%s without %s: %v", kind, setting, err)
		}
		p.Config[setting] = "https://idp.example"
		if err := idp.Check(&realm.Settings{}, p); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// TestImport makes settings of metadata, and none of what is no metadata.
func TestImport(t *testing.T) {
	config, err := idp.Import("oidc", []byte(`{"issuer":"https://i","token_endpoint":"https://i/t"}`))
	if diff := cmp.Diff(map[string]string{"issuer": "https://i", "tokenUrl": "https://i/t"}, config); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for kind, document := range map[string]string{"oidc": "<xml/>", "saml": "{}"} {
		if _, err := idp.Import(kind, []byte(document)); err == nil {
			t.Errorf("%s took %s", kind, document)
		}
	}
}

// TestMapperKinds are described, for each kind of provider.
func TestMapperKinds(t *testing.T) {
	for _, id := range []string{"oidc", "saml", "github", "keycloak-oidc"} {
		kind, ok := idp.Find(id)
		if !ok || len(kind.MapperKinds()) != len(kind.Mappers) || len(kind.Mappers) == 0 {
			t.Errorf("%s: %d of %d types of mappers are described", id, len(kind.MapperKinds()), len(kind.Mappers))
		}
	}
}

// TestMapperKindsAreActedOn: what the settings of a provider offer is done, where people can sign in by it.
func TestMapperKindsAreActedOn(t *testing.T) {
	for _, id := range federation.Kinds() {
		kind, ok := idp.Find(id)
		if !ok || !kind.Is(idp.UserAuthentication) {
			t.Errorf("people can sign in by %s, which is not offered for that", id)
		}
		for mapper := range kind.MapperKinds() {
			if !federation.Maps(mapper) {
				t.Errorf("%s offers mappers of kind %s, which do nothing", id, mapper)
			}
		}
		if len(kind.MapperKinds()) != len(kind.Mappers) {
			t.Errorf("%s names kinds of mappers that are not described", id)
		}
	}
}
