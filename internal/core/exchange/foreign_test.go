package exchange_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// TestProviderOff: what came of a provider's token is exchanged for nothing, of whatever kind, once the provider is switched
// off (T05).
func TestProviderOff(t *testing.T) {
	for name, ask := range map[string]func(q *exchange.Request){
		"an access token": func(*exchange.Request) {},
		"an identity assertion": func(q *exchange.Request) {
			q.RequestedType, q.SubjectType, q.Audiences = ptr(oauth.TypeIdentity), ptr(idToken), []string{"https://other.example"}
		},
		"what the provider gave": func(q *exchange.Request) {
			q.Legacy = []string{"requested_issuer"}
			q.Outward = &exchange.Outward{Name: "stored", Provider: q.Realm.Provider("stored"), Held: exchange.Kept}
		},
	} {
		for _, on := range []bool{true, false} {
			q := play{Client: "gateway", Subject: &held{Client: "gateway", User: "alice"}}.request(t, shop(t))
			q.Subject.Token.Path = []token.Hop{{Client: "app", JTI: "jti", Issuer: "https://partner.example"}}
			besidePartner(&q)
			d := realm.Edit(q.Realm)
			partner := *q.Realm.Provider("partner")
			partner.Enabled = on
			d.PutProvider(&partner)
			d.PutProvider(&realm.Provider{Key: "stored", Alias: "stored", Kind: "oidc", Enabled: true, StoreToken: true})
			client := *q.Client
			client.Exchange.Issuers = []string{"stored"}
			d.PutClient(&client)
			q.Realm = d.Realm()
			q.Client = q.Realm.Client("gateway")
			ask(&q)
			got := exchange.Decide(q)
			if (got.Refuse == nil) != on || !on && (got.Rule != explain.ExchangeIssuer || len(exchange.Fixes(q, got)) == 0) {
				t.Errorf("%s, switched on %v: %v by %q", name, on, got.Refuse, got.Rule)
			}
		}
	}
}

// TestIdentityOfOthers: an identity assertion is made of the realm's own ID tokens. Who names another issuer hears so, and is
// not taken to have named none (T02).
func TestIdentityOfOthers(t *testing.T) {
	q := play{Client: "gateway", Subject: &held{Client: "gateway", User: "alice"}, Legacy: []string{"subject_issuer"}}.request(t, shop(t))
	besidePartner(&q)
	q.RequestedType, q.SubjectType, q.Audiences = ptr(oauth.TypeIdentity), ptr(idToken), []string{"https://other.example"}
	const want = "Parameter 'subject_issuer' is not supported for an Identity Assertion JWT"
	if got := exchange.Decide(q); got.Refuse == nil || got.Refuse.Description != want {
		t.Errorf("%v, want %s", got.Refuse, want)
	}
}
