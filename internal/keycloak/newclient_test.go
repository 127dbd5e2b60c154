package keycloak_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

func parsed(t *testing.T, text string) keycloak.Object {
	t.Helper()
	var o keycloak.Object
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func alike(t *testing.T, want string, got keycloak.Object) {
	t.Helper()
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var w, g any
	if err := errors.Join(json.Unmarshal([]byte(want), &w), json.Unmarshal(text, &g)); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(w, g); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestCompleteClient(t *testing.T) {
	tests := map[string]struct{ given, want string }{
		"nothing but an id": {`{"clientId": "web"}`,
			`{"clientId": "web", "clientAuthenticatorType": "client-secret", "attributes": {}}`},
		"a protocol": {`{"clientId": "web", "protocol": "openid-connect"}`,
			`{"clientId": "web", "protocol": "openid-connect", "clientAuthenticatorType": "client-secret", "publicClient": true, "directAccessGrantsEnabled": true,
				"attributes": {"backchannel.logout.session.required": "true", "backchannel.logout.revoke.offline.tokens": "false"}}`},
		"a protocol and a root": {`{"clientId": "web", "protocol": "openid-connect", "rootUrl": "https://web.example/", "publicClient": false, "attributes": {"backchannel.logout.url": "https://web.example/out"}}`,
			`{"clientId": "web", "protocol": "openid-connect", "clientAuthenticatorType": "client-secret", "publicClient": false, "directAccessGrantsEnabled": true,
				"rootUrl": "https://web.example/", "adminUrl": "https://web.example/", "redirectUris": ["https://web.example/*"], "webOrigins": ["https://web.example"],
				"attributes": {"backchannel.logout.url": "https://web.example/out"}}`},
		"origins of redirect URIs": {`{"clientId": "web", "redirectUris": ["https://a.example/x", "https://a.example/y", "/z", "app:/cb"]}`,
			`{"clientId": "web", "clientAuthenticatorType": "client-secret", "redirectUris": ["https://a.example/x", "https://a.example/y", "/z", "app:/cb"],
				"webOrigins": ["https://a.example"], "attributes": {}}`},
		"empty attributes": {`{"clientId": "web", "attributes": {"a": "", "tokenhouse.exchange.permitted": "", "tokenhouse.exchange.issuers": ""}}`,
			`{"clientId": "web", "clientAuthenticatorType": "client-secret", "attributes": {"tokenhouse.exchange.permitted": "##"}}`},
		"authorization settings": {`{"clientId": "web", "authorizationServicesEnabled": false, "authorizationSettings": {}}`,
			`{"clientId": "web", "clientAuthenticatorType": "client-secret", "authorizationServicesEnabled": true, "authorizationSettings": {}, "serviceAccountsEnabled": true, "attributes": {}}`},
		"authorization services": {`{"clientId": "web", "authorizationServicesEnabled": true}`,
			`{"clientId": "web", "clientAuthenticatorType": "client-secret", "authorizationServicesEnabled": true, "serviceAccountsEnabled": true, "attributes": {}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			o := parsed(t, tt.given)
			if err := keycloak.CompleteClient(o); err != nil {
				t.Fatal(err)
			}
			alike(t, tt.want, o)
		})
	}
}

// TestCompletePublicClient: a resource server has to prove itself.
func TestCompletePublicClient(t *testing.T) {
	for _, client := range []string{`{"publicClient": true}`, `{"bearerOnly": true}`, `{"protocol": "openid-connect"}`} {
		o := parsed(t, client)
		o.Put("authorizationServicesEnabled", true)
		if _, invalid := errors.AsType[*fault.Invalid](keycloak.CompleteClient(o)); !invalid {
			t.Errorf("%s: taken", client)
		}
	}
}

// TestMergeClient changes what an update names, and nothing else.
func TestMergeClient(t *testing.T) {
	d := realm.New("r", realm.Settings{Name: "shop"})
	d.PutScope(&realm.ClientScope{Key: "profile", Name: "profile", Protocol: "openid-connect"})
	c, _ := keycloak.ToClient(d.Realm(), parsed(t, `{"id": "web", "clientId": "web", "description": "a shop", "secret": "s", "defaultClientScopes": ["profile"],
		"attributes": {"one": "1", "two": "2", "tokenhouse.exchange.permitted": "orders"},
		"protocolMappers": [{"id": "m1", "name": "a", "protocol": "openid-connect", "protocolMapper": "oidc-full-name-mapper", "config": {"x": "1"}},
			{"id": "m2", "name": "b", "protocol": "openid-connect", "protocolMapper": "oidc-full-name-mapper", "config": {}}]}`))
	c.ScopeMappings, c.Registration = []string{"role"}, "jti"
	attributes := func(c *realm.Client) string {
		return string(keycloak.FromClient(d.Realm(), c)["attributes"])
	}

	same, notes := keycloak.MergeClient(d.Realm(), c, keycloak.FromClient(d.Realm(), c))
	if len(notes) > 0 || cmp.Diff(keycloak.FromClient(d.Realm(), c), keycloak.FromClient(d.Realm(), same)) != "" {
		t.Errorf("what was read changes what was there: %v", notes)
	}
	with, _ := keycloak.MergeClient(d.Realm(), c, parsed(t, `{"id": "other", "defaultClientScopes": [], "enabled": false,
		"attributes": {"two": "", "three": "3", "tokenhouse.exchange.permitted": ""},
		"protocolMappers": [{"id": "m9", "name": "a", "protocol": "openid-connect", "protocolMapper": "oidc-full-name-mapper", "config": {"x": "2"}}]}`))
	if want := `{"one":"1","realm_client":"false","three":"3","tokenhouse.exchange.permitted":"##"}`; attributes(with) != want {
		t.Errorf("attributes are %s, want %s", attributes(with), want)
	}
	if with.Key != "web" || with.Enabled || with.Secret != "s" || len(with.DefaultScopes) != 1 || len(with.ScopeMappings) != 1 || with.Registration != "jti" {
		t.Errorf("%+v", with)
	}
	if len(with.Mappers) != 1 || with.Mappers[0].Key != "m1" || with.Mappers[0].Config["x"] != "2" {
		t.Errorf("mappers: %+v", with.Mappers)
	}
	if p := with.Exchange.Permitted; p == nil || len(*p) != 0 {
		t.Errorf("permitted is %v, want none", p)
	}
	if _, notes := keycloak.MergeClient(d.Realm(), c, parsed(t, `{"attributes": {"tokenhouse.exchange.public": "perhaps"}}`)); len(notes) != 1 || !notes[0].Bad {
		t.Errorf("notes: %v", notes)
	}
}

func TestMetadata(t *testing.T) {
	tests := map[string]struct{ metadata, client string }{
		"defaults": {`{"redirect_uris": ["https://app.example/cb"]}`,
			`{"protocol": "openid-connect", "redirectUris": ["https://app.example/cb"], "standardFlowEnabled": true, "implicitFlowEnabled": false,
				"directAccessGrantsEnabled": false, "frontchannelLogout": false, "clientAuthenticatorType": "client-secret", "publicClient": false,
				"attributes": {"backchannel.logout.session.required": "true", "backchannel.logout.revoke.offline.tokens": "false", "frontchannel.logout.session.required": "false", "backchannel.logout.url": "", "frontchannel.logout.url": ""}}`},
		"a public application": {`{"client_name": "App", "token_endpoint_auth_method": "none", "response_types": ["code id_token"], "scope": "orders  mail",
				"grant_types": ["authorization_code", "implicit"], "post_logout_redirect_uris": ["https://a", "https://b"], "dpop_bound_access_tokens": true}`,
			`{"protocol": "openid-connect", "name": "App", "standardFlowEnabled": true, "implicitFlowEnabled": true, "optionalClientScopes": ["orders", "mail"],
				"directAccessGrantsEnabled": false, "frontchannelLogout": false, "serviceAccountsEnabled": false, "clientAuthenticatorType": "none", "publicClient": true,
				"attributes": {"backchannel.logout.session.required": "true", "backchannel.logout.revoke.offline.tokens": "false", "frontchannel.logout.session.required": "false", "backchannel.logout.url": "", "frontchannel.logout.url": "", "dpop.bound.access.tokens": "true",
					"post.logout.redirect.uris": "https://a##https://b", "oidc.ciba.grant.enabled": "false", "oauth2.device.authorization.grant.enabled": "false", "use.refresh.tokens": "false",
					"standard.token.exchange.enabled": "false", "oauth2.jwt.authorization.grant.enabled": "false"}}`},
		"a service": {`{"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://s.example/keys", "grant_types": ["client_credentials"]}`,
			`{"protocol": "openid-connect", "standardFlowEnabled": false, "implicitFlowEnabled": false, "directAccessGrantsEnabled": false, "frontchannelLogout": false, "serviceAccountsEnabled": true,
				"clientAuthenticatorType": "client-jwt", "publicClient": false,
				"attributes": {"backchannel.logout.session.required": "true", "backchannel.logout.revoke.offline.tokens": "false", "frontchannel.logout.session.required": "false", "backchannel.logout.url": "", "frontchannel.logout.url": "", "use.jwks.url": "true", "use.jwks.string": "false", "jwks.url": "https://s.example/keys",
					"oidc.ciba.grant.enabled": "false", "oauth2.device.authorization.grant.enabled": "false", "use.refresh.tokens": "false",
					"standard.token.exchange.enabled": "false", "oauth2.jwt.authorization.grant.enabled": "false"}}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := keycloak.FromMetadata(parsed(t, tt.metadata))
			if err != nil {
				t.Fatal(err)
			}
			alike(t, tt.client, got)
			again, err := keycloak.FromMetadata(keycloak.ToMetadata(got))
			if err != nil {
				t.Fatal(err)
			}
			for _, member := range []string{"redirectUris", "standardFlowEnabled", "implicitFlowEnabled", "directAccessGrantsEnabled",
				"clientAuthenticatorType", "publicClient", "optionalClientScopes"} {
				if string(again[member]) != string(got[member]) {
					t.Errorf("%s comes back as %s, and was %s", member, again[member], got[member])
				}
			}
		})
	}
}

// TestMetadataThatIsRefused is what there is not.
func TestMetadataThatIsRefused(t *testing.T) {
	for name, metadata := range map[string]string{
		"a way that there is not":      `{"token_endpoint_auth_method": "smile"}`,
		"no way at all":                `{"token_endpoint_auth_method": ""}`,
		"a response that there is not": `{"response_types": ["image"]}`,
		"no key to prove it with":      `{"token_endpoint_auth_method": "private_key_jwt"}`,
		"keys in two places":           `{"jwks": {"keys": []}, "jwks_uri": "https://s.example/keys"}`,
	} {
		if _, err := keycloak.FromMetadata(parsed(t, metadata)); !errors.Is(err, keycloak.ErrMetadata) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestSubjects gives a client the mapper that makes its subjects pairwise, and takes it away again; others stay.
func TestSubjects(t *testing.T) {
	const other, there = "oidc-full-name-mapper", "oidc-sha256-pairwise-sub-mapper"
	names := realm.Mapper{Key: "n", Name: "name", Kind: other}
	old := realm.Mapper{Key: "p", Name: "pairwise", Kind: there, Config: map[string]string{"pairwiseSubAlgorithmSalt": "old", "sectorIdentifierUri": "https://gone.example"}}
	for name, tt := range map[string]struct {
		metadata string
		now      []realm.Mapper
		want     []string // kind, salt and sector of each mapper
	}{
		"public":               {`{}`, []realm.Mapper{names}, []string{other + "  "}},
		"public again":         {`{"subject_type": "public"}`, []realm.Mapper{names, old}, []string{other + "  "}},
		"pairwise":             {`{"subject_type": "pairwise"}`, []realm.Mapper{names}, []string{other + "  ", there + " new "}},
		"pairwise by a sector": {`{"subject_type": "pairwise", "sector_identifier_uri": "https://s.example"}`, nil, []string{there + " new https://s.example"}},
		"pairwise as before":   {`{"subject_type": "pairwise"}`, []realm.Mapper{old}, []string{there + " old "}},
	} {
		s, err := keycloak.SubjectsOf(parsed(t, tt.metadata))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		o := keycloak.Object{}
		s.Put(o, tt.now, func() string { return "new" })
		var got []string
		for _, m := range keycloak.Value[[]keycloak.Object](o, "protocolMappers") {
			config := keycloak.Value[map[string]string](m, "config")
			got = append(got, m.Text("protocolMapper")+" "+config["pairwiseSubAlgorithmSalt"]+" "+config["sectorIdentifierUri"])
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if _, err := keycloak.SubjectsOf(parsed(t, `{"subject_type": "odd"}`)); !errors.Is(err, keycloak.ErrMetadata) {
		t.Errorf("subjects that there are not: %v", err)
	}
}
