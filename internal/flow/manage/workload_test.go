package manage_test

import (
	"errors"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
)

// TestDangerousTrustIsNotWritten: neither a provider whose tokens could be anybody's, nor a client that anybody could be.
func TestDangerousTrustIsNotWritten(t *testing.T) {
	_, st, by := installation(t)
	providers, clients := &manage.Providers{Store: st}, &manage.Clients{Store: st}
	expect := func(name string, err error, field string) {
		t.Helper()
		invalid, ok := errors.AsType[*fault.Invalid](err)
		if ok != (field != "") || ok && invalid.Field != field || !ok && err != nil {
			t.Errorf("%s: %v, want a refusal of %q", name, err, field)
		}
	}
	const github = `"issuer": "https://token.actions.githubusercontent.com", "useJwksUrl": "true", "jwksUrl": "https://token.actions.githubusercontent.com/.well-known/jwks", "supportsClientAssertions": "true"`
	for _, c := range []struct{ name, body, field string }{
		{"everybody at GitHub", `{"alias": "github", "providerId": "oidc", "config": {` + github + `}}`, "config.tokenhouse.assertion.claims"},
		{"an owner at GitHub", `{"alias": "github", "providerId": "oidc", "config": {` + github + `, "tokenhouse.assertion.claims": "repository_owner_id=42"}}`, ""},
		{"a cluster", `{"alias": "cluster", "providerId": "kubernetes", "config": {}}`, ""},
		{"any domain", `{"alias": "mesh", "providerId": "spiffe", "config": {"trustDomain": "spiffe://", "bundleEndpoint": "https://spire.example"}}`, "config.trustDomain"},
	} {
		expect(c.name, providers.Create(t.Context(), by, "shop", parsed(t, c.body)), c.field)
	}
	expect("everybody again", providers.Update(t.Context(), by, "shop", "github", parsed(t, `{"providerId": "oidc", "config": {`+github+`}}`)), "config.tokenhouse.assertion.claims")

	for _, c := range []struct{ name, attributes, field string }{
		{"no subject", `{"jwt.credential.issuer": "cluster"}`, "attributes.jwt.credential.sub"},
		{"any subject", `{"jwt.credential.issuer": "cluster", "jwt.credential.sub": "system:serviceaccount:shop:*"}`, "attributes.jwt.credential.sub"},
		{"a namespace", `{"jwt.credential.issuer": "cluster", "jwt.credential.sub": "system:serviceaccount:shop"}`, "attributes.jwt.credential.sub"},
		{"no provider", `{"jwt.credential.sub": "system:serviceaccount:shop:orders"}`, "attributes.jwt.credential.issuer"},
		{"a service account", `{"jwt.credential.issuer": "cluster", "jwt.credential.sub": "system:serviceaccount:shop:orders"}`, ""},
	} {
		_, err := clients.Create(t.Context(), by, "shop", parsed(t, `{"clientId": "pod", "clientAuthenticatorType": "federated-jwt", "attributes": `+c.attributes+`}`))
		expect(c.name, err, c.field)
	}
	if list := find(t, st, "shop").Workloads("system:serviceaccount:shop:orders"); len(list) != 1 || list[0].ID != "pod" {
		t.Errorf("who was written is not found: %v", list)
	}
}
