package decision_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/decision"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

const issuer = "https://id.example/realms/shop"

// shop is a realm where gateway exchanges tokens of app, and its own reach orders and billing.
func shop() *realm.Draft {
	audience := func(id string) realm.Mapper {
		return realm.Mapper{Key: id, Name: id, Kind: "oidc-audience-mapper", Protocol: "openid-connect",
			Config: map[string]string{"included.client.audience": id, "access.token.claim": "true"}}
	}
	d := realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true, Exchange: realm.ExchangePolicy{ChainLimit: 2, RefuseCycles: true}})
	gateway := realm.Client{Key: "gateway-key", ID: "gateway", Enabled: true, FullScope: true, Mappers: []realm.Mapper{audience("orders"), audience("billing")}}
	gateway.Exchange.Enabled = true
	for _, c := range []realm.Client{gateway, {Key: "app-key", ID: "app", Enabled: true}, {Key: "orders-key", ID: "orders", Enabled: true}, {Key: "billing-key", ID: "billing", Enabled: true}} {
		d.PutClient(&c)
	}
	d.PutRole(&realm.Role{Key: "buyer-key", Name: "buyer"})
	return d
}

// brought is a token of alice's that app got, after exchanges by these clients.
func brought(path ...string) *exchange.Subject {
	t := &token.Verified{Claims: token.Claims{ID: "jti", Client: "app", Audience: []string{"gateway"}, Session: "session"}, Origin: token.Origin{Session: token.Online}}
	for _, c := range path {
		t.Path = append(t.Path, token.Hop{Client: c})
	}
	return &exchange.Subject{Token: t, User: &user.User{ID: "alice-id", Username: "alice", Enabled: true, Roles: []string{"buyer-key"}},
		Session: &session.Session{ID: "session", UserID: "alice-id"}}
}

// decided is an exchange by gateway as the log has it.
func decided(t testing.TB, subject *exchange.Subject, audiences ...string) decision.Record {
	t.Helper()
	r, access := shop().Realm(), oauth.TypeAccessToken
	q := exchange.Request{Realm: r, Issuer: issuer, Client: r.Client("gateway"), Subject: subject, SubjectType: &access, Audiences: audiences}
	d := exchange.Decide(q)
	record := decision.Begin("id", string(oauth.TokenExchange), r, issuer)
	record.Of(q.Client, q.Scope)
	fingerprint := ""
	if subject != nil {
		fingerprint = decision.Fingerprint("eyJ.subject.token")
	}
	record.Exchanged(q, fingerprint, d)
	if d.Grant != nil {
		record.Gave(d.Grant.Type, "eyJ.issued.token", &token.Claims{}, &d.Grant.Resolution)
		record.End("gateway", nil)
	} else {
		record.End("gateway", d.Refuse)
	}
	text, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "eyJ") {
		t.Errorf("a token is in %s", text)
	}
	var out decision.Record
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// A decision taken again where nothing changed comes out as it did.
func TestAgainAsItWas(t *testing.T) {
	for name, d := range map[string]decision.Record{
		"granted":        decided(t, brought(), "orders"),
		"none named":     decided(t, brought()),
		"unknown target": decided(t, brought(), "nowhere"),
		"chain limit":    decided(t, brought("one", "two"), "orders"),
		"cycle":          decided(t, brought("gateway"), "orders"),
		"flawed subject": decided(t, &exchange.Subject{Flaw: "expired"}, "orders"),
		"no subject":     decided(t, nil, "orders"),
		"token as name":  decided(t, brought(), "eyJhbGciOiJSUzI1NiJ9.e30.c2ln"),
	} {
		is, ok := decision.Again(d, shop().Realm())
		if !ok {
			t.Errorf("%s: not taken again", name)
		} else if diff := decision.Compare(d.Outcome, is.Outcome); diff != nil {
			t.Errorf("%s: was %+v, is %+v", name, d.Outcome, is)
		}
	}
}

// A change of the realm shows, with the rule.
func TestAgainAfterAChange(t *testing.T) {
	client := func(id string, change func(*realm.Client)) func(*realm.Draft) {
		return func(d *realm.Draft) {
			c := *d.Realm().Client(id)
			change(&c)
			d.PutClient(&c)
		}
	}
	for name, tt := range map[string]struct {
		was    decision.Record
		change func(*realm.Draft)
		rule   explain.Rule // that refuses; empty: granted
		lost   string       // audience
	}{
		"requester disabled":      {decided(t, brought(), "orders"), client("gateway", func(c *realm.Client) { c.Enabled = false }), explain.ReplayClient, ""},
		"requester gone":          {decided(t, brought(), "orders"), func(d *realm.Draft) { d.Delete(realm.KindClient, "gateway-key") }, explain.ReplayClient, ""},
		"subject's client gone":   {decided(t, brought(), "orders"), func(d *realm.Draft) { d.Delete(realm.KindClient, "app-key") }, explain.ExchangeSubject, ""},
		"target disabled":         {decided(t, brought(), "orders"), client("orders", func(c *realm.Client) { c.Enabled = false }), explain.ExchangeTarget, ""},
		"target disabled, unsaid": {decided(t, brought()), client("orders", func(c *realm.Client) { c.Enabled = false }), "", "orders"},
		"exchange switched off":   {decided(t, brought(), "orders"), client("gateway", func(c *realm.Client) { c.Exchange.Enabled = false }), explain.ExchangeEnabled, ""},
		"realm disabled": {decided(t, brought(), "orders"), func(d *realm.Draft) {
			s := d.Realm().Settings
			s.Enabled = false
			d.PutSettings(s)
		}, explain.ReplayRealm, ""},
	} {
		d := shop()
		tt.change(d)
		is, ok := decision.Again(tt.was, d.Realm())
		diff := decision.Compare(tt.was.Outcome, is.Outcome)
		switch {
		case !ok || diff == nil || is.Rule != tt.rule:
			t.Errorf("%s: %v %+v", name, ok, is)
		case tt.rule != "" && (diff.Granted == nil || diff.Granted.Is || is.Because == ""):
			t.Errorf("%s: %+v, because %q", name, diff, is.Because)
		case tt.lost != "" && (diff.Audience == nil || strings.Join(diff.Audience.Lost, " ") != tt.lost):
			t.Errorf("%s: %+v", name, diff)
		}
	}
}

// called is a request of gateway's by a grant that is no exchange, as the log has it.
func called(t *testing.T, grant oauth.GrantType, f policy.Facts) decision.Record {
	t.Helper()
	r := shop().Realm()
	record := decision.Begin("id", string(grant), r, issuer)
	record.Of(r.Client("gateway"), nil)
	record.Policed(f)
	found := audience.Resolve(audience.Request{Realm: r, Issuer: issuer, Client: r.Client("gateway"), User: brought().User})
	record.Resolved(&found, nil)
	record.Gave(oauth.TypeAccessToken, "eyJ.issued.token", &token.Claims{}, &found)
	record.End("gateway", nil)
	out, _ := reread(t, record)
	return out
}

// Client policies are asked about what every grant brought.
func TestAgainUnderPolicies(t *testing.T) {
	demand := func(kind string, config map[string][]string) realm.PolicyPart {
		return realm.PolicyPart{Kind: kind, Config: config}
	}
	byKey := demand("secure-client-authenticator", map[string][]string{"allowed-client-authenticators": {"client-jwt"}})
	signed, secret := policy.Facts{Method: "client-jwt", Assertion: &policy.Assertion{Alg: "PS256", Audience: []string{issuer}}}, policy.Facts{Method: "client-secret"}
	challenged, refreshed, scoped := signed, secret, secret
	challenged.Challenge = "challenge"
	refreshed.Certificate, refreshed.BoundCert = "thumbprint", "thumbprint"
	other := refreshed
	other.Certificate = "another"
	scoped.Scope, scoped.ScopeSent, scoped.Subject = "openid", true, &policy.Subject{Claims: &token.Claims{Scope: new("openid")}, Readable: true}
	wider := scoped
	wider.Scope = "openid email"
	for name, tt := range map[string]struct {
		grant   oauth.GrantType
		facts   policy.Facts
		demand  realm.PolicyPart
		granted bool
	}{
		"by a key, as is demanded":          {oauth.ClientCredentials, signed, byKey, true},
		"by a secret":                       {oauth.ClientCredentials, secret, byKey, false},
		"by a secret, a refresh":            {oauth.RefreshToken, secret, byKey, false},
		"by a secret, where nobody asks":    {oauth.DeviceCode, secret, byKey, true},
		"by a strong algorithm":             {oauth.AuthorizationCode, signed, demand("secure-signature-algorithm-signed-jwt", map[string][]string{"require-client-assertion": {"true"}}), true},
		"by no algorithm":                   {oauth.AuthorizationCode, secret, demand("secure-signature-algorithm-signed-jwt", map[string][]string{"require-client-assertion": {"true"}}), false},
		"with a challenge":                  {oauth.AuthorizationCode, challenged, demand("pkce-enforcer", nil), true},
		"without a challenge":               {oauth.AuthorizationCode, signed, demand("pkce-enforcer", nil), false},
		"with the certificate":              {oauth.RefreshToken, refreshed, demand("holder-of-key-enforcer", nil), true},
		"with another certificate":          {oauth.RefreshToken, other, demand("holder-of-key-enforcer", nil), false},
		"a grant that is not wanted":        {oauth.Password, signed, demand("reject-ropc-grant", nil), false},
		"scopes that the assertion has":     {oauth.JWTBearer, scoped, demand("downscope-assertion-grant-enforcer", nil), true},
		"scopes that the assertion has not": {oauth.JWTBearer, wider, demand("downscope-assertion-grant-enforcer", nil), false},
	} {
		d := shop()
		c := *d.Realm().Client("gateway")
		c.StandardFlow, c.DirectAccess, c.ServiceAccounts, c.Assertions.Enabled = true, true, true, true
		d.PutClient(&c)
		s := d.Realm().Settings
		s.Policies = []realm.ClientPolicy{{Name: "strict", Conditions: []realm.PolicyPart{{Kind: "any-client"}}, Executors: []realm.PolicyPart{tt.demand}}}
		d.PutSettings(s)
		is, ok := decision.Again(called(t, tt.grant, tt.facts), d.Realm())
		if !ok || is.Granted != tt.granted || !tt.granted && (is.Rule != explain.PolicyDemand || is.Because == "") {
			t.Errorf("%s: %v %+v", name, ok, is)
		}
	}
}

// What a policy asks of claims is not guessed at: the log holds a few of them.
func TestAgainAskedForClaims(t *testing.T) {
	d := shop()
	c := *d.Realm().Client("gateway")
	c.Assertions.Enabled = true
	d.PutClient(&c)
	s := d.Realm().Settings
	s.Policies = []realm.ClientPolicy{{Name: "strict", Conditions: []realm.PolicyPart{{Kind: "any-client"}},
		Executors: []realm.PolicyPart{{Kind: policy.KindClaims, Config: map[string][]string{"claim-name": {"department"}}}}}}
	d.PutSettings(s)
	for name, was := range map[string]decision.Record{"exchange": decided(t, brought(), "orders"),
		"assertion": called(t, oauth.JWTBearer, policy.Facts{Subject: &policy.Subject{Claims: &token.Claims{}, Readable: true}})} {
		if is, ok := decision.Again(was, d.Realm()); ok {
			t.Errorf("%s: %+v", name, is)
		}
	}
}

// What was refused for what the log does not hold is not guessed at.
func TestNotTakenAgain(t *testing.T) {
	record := decision.Begin("id", "password", shop().Realm(), issuer)
	record.End("app", oauth.Errorf(oauth.InvalidGrant, "Invalid user credentials"))
	if _, ok := decision.Again(*record, shop().Realm()); ok {
		t.Error("a wrong password was looked at again")
	}
	var none *decision.Record // in a realm without a log
	none.Of(nil, nil)
	none.End("", nil)
}
