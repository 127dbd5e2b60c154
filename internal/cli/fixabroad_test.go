package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
)

// harbour is a realm with a partner, whose tokens backend may exchange and ask for, and whose assertions robot redeems. alice is
// linked to the partner, bob is not, and off is disabled.
const harbour = `{"realm": "shop", "enabled": true,
	"clients": [
		{"id": "backend", "clientId": "backend", "secret": "s", "attributes": {"standard.token.exchange.enabled": "true", "tokenhouse.exchange.external": "true",
			"tokenhouse.exchange.issuers": "partner"}, "defaultClientScopes": [], "optionalClientScopes": [],
			"protocolMappers": [{"name": "orders", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
				"config": {"included.client.audience": "orders", "access.token.claim": "true"}}]},
		{"id": "robot", "clientId": "robot", "secret": "s", "attributes": {"oauth2.jwt.authorization.grant.enabled": "true", "oauth2.jwt.authorization.grant.idp": "partner"},
			"defaultClientScopes": ["basics"], "optionalClientScopes": []},
		{"id": "orders", "clientId": "orders", "secret": "s"}],
	"clientScopes": [
		{"id": "basics", "name": "basics", "protocol": "openid-connect", "attributes": {"display.on.consent.screen": "true"}},
		{"id": "extra", "name": "extra", "protocol": "openid-connect"}],
	"identityProviders": [{"alias": "partner", "providerId": "oidc", "enabled": true, "storeToken": true, "linkOnly": true,
		"config": {"issuer": "https://partner.example", "clientId": "shop", "authorizationUrl": "https://partner.example/auth", "tokenUrl": "https://partner.example/token",
			"useJwksUrl": "true", "jwksUrl": "https://partner.example/keys", "validateSignature": "true",
			"tokenhouse.exchange.trusted": "true", "jwtAuthorizationGrantEnabled": "true"}}],
	"users": [
		{"id": "alice", "username": "alice", "email": "alice@shop.example", "firstName": "A", "lastName": "A", "enabled": true,
			"federatedIdentities": [{"identityProvider": "partner", "userId": "p-alice", "userName": "alice"}]},
		{"id": "bob", "username": "bob", "email": "bob@shop.example", "firstName": "B", "lastName": "B", "enabled": true},
		{"id": "off", "username": "off", "email": "off@shop.example", "firstName": "O", "lastName": "O", "enabled": false,
			"federatedIdentities": [{"identityProvider": "partner", "userId": "p-off", "userName": "off"}]}]}`

// TestFixesAbroadFix does what TestFixesOfExchangesFix does for other issuers, resources and assertions: each command that is
// printed makes the refusal vanish that it was printed for, and without one nothing of the kind is refused.
func TestFixesAbroadFix(t *testing.T) {
	o := newBench(t)
	client := func(id, attribute, value string) string {
		return fmt.Sprintf(`tokenhouse admin update clients/%s -r shop -s 'attributes."%s"=%s'`, id, attribute, value)
	}
	provider := func(settings string) string {
		return "tokenhouse admin update identity-provider/instances/partner -r shop " + settings
	}
	now := time.Now().Unix()
	says := func(change string) json.RawMessage { return json.RawMessage(change) }
	scope := func(s string) *string { return &s }
	abroad := rehearse.Question{Client: "backend", SubjectIssuer: "partner", User: "alice"}
	outward := rehearse.Question{Client: "backend", SubjectClient: "backend", User: "alice", RequestedIssuer: "partner"}
	bearer := rehearse.Question{Client: "robot", Issuer: "https://partner.example", User: "alice"}
	of := func(q rehearse.Question, change func(*rehearse.Question)) rehearse.Question {
		change(&q)
		return q
	}
	claims := func(c string) rehearse.Question {
		return of(bearer, func(q *rehearse.Question) { q.Claims = says(c) })
	}
	for _, tt := range []struct {
		kind  string
		rule  explain.Rule // empty: granted
		setup string
		q     rehearse.Question
		fixes int // with commands
	}{
		{"exchange", "", "", abroad, 0},
		{"exchange", explain.ExchangeUnsupported, client("backend", "tokenhouse.exchange.external", "false"), abroad, 1},
		{"exchange", explain.ExchangeIssuer, provider(`-s enabled=false -s 'config."tokenhouse.exchange.trusted"=false'`), abroad, 1},
		{"exchange", explain.ExchangeIssuer, "", of(abroad, func(q *rehearse.Question) { q.SubjectIssuer = "nobody" }), 0},
		{"exchange", explain.ExchangeSubject, "", of(abroad, func(q *rehearse.Question) { q.SubjectClaims = says(`{"aud": "elsewhere"}`) }), 0},
		{"exchange", explain.ExchangeLink, "", of(abroad, func(q *rehearse.Question) { q.SubjectClaims = says(`{"sub": "p-bob"}`) }), 1},
		{"exchange", explain.ExchangeUnsupported, client("backend", "tokenhouse.exchange.issuers", ""), outward, 1},
		{"exchange", explain.ExchangeStored, client("backend", "tokenhouse.exchange.issuers", "other"), outward, 1},
		{"exchange", explain.ExchangeStored, provider("-s enabled=false"), outward, 1},
		{"exchange", explain.ExchangeStored, provider("-s storeToken=false"), outward, 1},
		{"exchange", explain.ExchangeStored, "", outward, 0}, // nothing is kept
		{"exchange", "", "", of(abroad, func(q *rehearse.Question) {
			q.Audience, q.Resource = []string{"orders"}, []string{"https://orders.example"}
		}), 0}, // no resource is read
		{"exchange", explain.ExchangeResource, client("backend", "tokenhouse.resources", "https://backend.example"), of(abroad, func(q *rehearse.Question) {
			q.Audience, q.Resource = []string{"orders"}, []string{"https://orders.example"}
		}), 1},

		{"jwt-grant", "", "", bearer, 0},
		{"jwt-grant", explain.AssertionClient, client("robot", "oauth2.jwt.authorization.grant.enabled", "false"), bearer, 1},
		{"jwt-grant", explain.AssertionClient, "tokenhouse admin update clients/robot -r shop -s publicClient=true", bearer, 1},
		{"jwt-grant", explain.AssertionClaims, "", claims(`{"sub": null}`), 0},
		{"jwt-grant", explain.AssertionProvider, provider("-s enabled=false"), bearer, 1},
		{"jwt-grant", explain.AssertionProvider, provider("-s enabled=false -s config.jwtAuthorizationGrantEnabled=false"), bearer, 1},
		{"jwt-grant", explain.AssertionProvider, "", claims(`{"iss": "https://nobody.example"}`), 0},
		{"jwt-grant", explain.AssertionPermitted, client("robot", "oauth2.jwt.authorization.grant.idp", "other"), bearer, 1},
		{"jwt-grant", explain.AssertionIdentity, provider(`-s 'config."tokenhouse.id-jag"=require'`), bearer, 1},
		{"jwt-grant", explain.AssertionTime, "", claims(fmt.Sprintf(`{"iat": %d, "exp": %d}`, now-3600, now+3600)), 1},
		{"jwt-grant", explain.AssertionTime, "", claims(fmt.Sprintf(`{"iat": null, "exp": %d}`, now+3600)), 1},
		{"jwt-grant", explain.AssertionTime, "", claims(fmt.Sprintf(`{"iat": %d, "exp": %d}`, now+600, now+900)), 1},
		{"jwt-grant", explain.AssertionTime, "", claims(fmt.Sprintf(`{"nbf": %d, "exp": %d}`, now+600, now+900)), 1},
		{"jwt-grant", explain.AssertionTime, "", claims(`{"exp": 1}`), 0},
		{"jwt-grant", explain.AssertionOnce, "", claims(`{"jti": null}`), 1},
		{"jwt-grant", explain.AssertionSignature, provider("-s config.jwtAuthorizationGrantAssertionSignatureAlg=ES256"), of(bearer, func(q *rehearse.Question) { q.Header.Algorithm = "RS256" }), 1},
		{"jwt-grant", explain.AssertionSignature, "", of(bearer, func(q *rehearse.Question) { q.Header.Algorithm = "HS256" }), 0},
		{"jwt-grant", explain.AssertionSignature, provider("-s config.useJwksUrl=false -s config.validateSignature=false"), bearer, 0},
		{"jwt-grant", explain.AssertionUser, "", claims(`{"sub": "p-bob"}`), 1},
		{"jwt-grant", explain.AssertionUser, "", claims(`{"sub": "p-off"}`), 1},
		{"jwt-grant", explain.AssertionScope, "", of(bearer, func(q *rehearse.Question) { q.Scope = scope("extra") }), 1},
		{"jwt-grant", explain.AssertionAudience, "", claims(`{"aud": "shop"}`), 1},
		{"jwt-grant", explain.AssertionAudience, "", claims(`{"aud": "elsewhere"}`), 0},
		{"jwt-grant", explain.AssertionConsent, "tokenhouse admin update clients/robot -r shop -s consentRequired=true", bearer, 1},
		{"jwt-grant", explain.AudienceResource, "", of(bearer, func(q *rehearse.Question) { q.Resource = []string{"urn:client:orders"} }), 0},
	} {
		o.restore([]byte(harbour))
		o.run(tt.setup)
		var before rehearse.ExchangeAnswer
		o.explain(tt.kind, tt.q, &before)
		if rule := denied(before); rule != tt.rule || before.Granted != (tt.rule == "") {
			t.Errorf("%s %+v: %q refuses: %+v", tt.kind, tt.q, rule, before)
			continue
		}
		ran := 0
		for i, fix := range before.Fixes {
			if fix.Command == "" {
				continue
			}
			if ran++; i > 0 && ran > 1 {
				o.restore([]byte(harbour))
				o.run(tt.setup)
			}
			o.run(strings.ReplaceAll(fix.Command, "USER-ID", "bob"))
			var after rehearse.ExchangeAnswer
			o.explain(tt.kind, tt.q, &after)
			if !after.Granted && after.Description == before.Description {
				t.Errorf("%s\n%s\nand still: %s", fix.Sentence, fix.Command, after.Description)
			}
		}
		if ran != tt.fixes {
			t.Errorf("%s %+v: %d commands: %+v", tt.kind, tt.q, ran, before.Fixes)
		}
	}
}
