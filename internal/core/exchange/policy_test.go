package exchange_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// underPolicy is the realm of a request with one client policy more. It knows tokens of "partner".
func underPolicy(q *exchange.Request, condition, executor realm.PolicyPart) {
	besidePartner(q, realm.ClientPolicy{Name: "q", Conditions: []realm.PolicyPart{condition}, Executors: []realm.PolicyPart{executor}})
}

// besidePartner has the realm of a request know tokens of "partner", and the requester exchange them, under these policies.
func besidePartner(q *exchange.Request, policies ...realm.ClientPolicy) {
	d := realm.Edit(q.Realm)
	d.PutProvider(&realm.Provider{Key: "partner-key", Alias: "partner", Kind: "oidc", Enabled: true,
		Config: map[string]string{"issuer": "https://partner.example", "tokenhouse.exchange.trusted": "true"}})
	settings := d.Realm().Settings
	settings.Policies = policies
	d.PutSettings(settings)
	client := *q.Client
	client.Exchange.External = true
	client.Assertions = realm.ClientAssertions{Issue: true, Audiences: []string{"https://other.example"}}
	d.PutClient(&client)
	q.Realm = d.Realm()
	q.Client = q.Realm.Client(client.ID)
}

// TestPolicies: whatever is exchanged for whatever, the client policies are asked.
func TestPolicies(t *testing.T) {
	var (
		anybody = realm.PolicyPart{Kind: "any-client"}
		partner = realm.PolicyPart{Kind: "identity-provider-alias", Config: map[string][]string{"identity_provider_aliases": {"partner"}}}
		other   = realm.PolicyPart{Kind: "identity-provider-alias", Config: map[string][]string{"identity_provider_aliases": {"other"}}}
		secret  = realm.PolicyPart{Kind: "client-attributes", Config: map[string][]string{"attributes": {`[{"key":"tier","value":"gold"}]`}}}
	)
	ours := func(*exchange.Request) {}
	foreign := func(q *exchange.Request) {
		q.Foreign = &exchange.Foreign{Name: "partner", Provider: q.Realm.Provider("partner")}
		q.Subject.Token.Issuer = "https://partner.example"
	}
	believedByNobody := func(q *exchange.Request) {
		foreign(q)
		q.Foreign.Flaw = exchange.FlawToken
		q.Subject = &exchange.Subject{Flaw: "signature"}
	}
	cameThrough := func(q *exchange.Request) {
		q.Subject.Token.Path = []token.Hop{{Client: "app", JTI: "jti", Issuer: "https://partner.example"}}
	}
	identity := func(q *exchange.Request) {
		q.RequestedType, q.SubjectType = ptr(oauth.TypeIdentity), ptr(idToken)
		q.Subject.Token.Client, q.Audiences = q.Client.ID, []string{"https://other.example"}
	}
	for name, c := range map[string]struct {
		condition realm.PolicyPart
		request   func(*exchange.Request)
		refused   bool
	}{
		"ours":                          {anybody, ours, true},
		"ours, of no provider":          {partner, ours, false},
		"another issuer's":              {anybody, foreign, true},
		"by its provider":               {partner, foreign, true},
		"by another provider":           {other, foreign, false},
		"one that nobody believes":      {partner, believedByNobody, true},
		"ours that came of a provider":  {partner, cameThrough, true},
		"an identity assertion":         {anybody, identity, true},
		"no such identity assertion":    {partner, identity, false},
		"a client with the attribute":   {secret, func(q *exchange.Request) { q.Caller.Attributes = map[string]string{"tier": "gold"} }, true},
		"a client whose other it is":    {secret, func(q *exchange.Request) { q.Caller.Attributes = map[string]string{"tier": "iron"} }, false},
		"a client without an attribute": {secret, ours, false},
	} {
		q := play{Client: "gateway", Subject: ofAlice()}.request(t, shop(t))
		underPolicy(&q, c.condition, realm.PolicyPart{Kind: "reject-request"})
		c.request(&q)
		if d := exchange.Decide(q); (d.Rule == explain.PolicyDemand) != c.refused || !c.refused && d.Refuse != nil {
			t.Errorf("%s: %v by %q, want it refused: %v", name, d.Refuse, d.Rule, c.refused)
		}
	}
}

// TestPoliciesOfOthers: what a policy demands of the subject it demands of other issuers' tokens too.
func TestPoliciesOfOthers(t *testing.T) {
	for name, c := range map[string]struct {
		scope, want string
	}{"one that it has": {"orders", ""}, "one that it has not": {"orders billing", "Scopes [billing] not present in the initial access token [orders]"}} {
		q := play{Client: "gateway", Subject: ofAlice(), Scope: &c.scope}.request(t, shop(t))
		underPolicy(&q, realm.PolicyPart{Kind: "any-client"}, realm.PolicyPart{Kind: "downscope-assertion-grant-enforcer"})
		q.Foreign = &exchange.Foreign{Name: "partner", Provider: q.Realm.Provider("partner")}
		q.Subject.Token.Scope = ptr("orders")
		q.Caller = policy.Facts{}
		got := ""
		if d := exchange.Decide(q); d.Rule == explain.PolicyDemand {
			got = d.Refuse.Description
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
