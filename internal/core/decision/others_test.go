package decision_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/decision"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

const partner = "https://partner.example"

// staffed is the shop with people who may impersonate as long as the role helpdesk includes the right, with resources, and
// with a partner whose tokens gateway exchanges, and asks for.
func staffed(changes ...func(*realm.Draft)) *realm.Draft {
	d := shop()
	d.PutClient(&realm.Client{Key: "management-key", ID: "realm-management", Enabled: true, BearerOnly: true})
	d.PutRole(&realm.Role{Key: "impersonation-key", Name: "impersonation", Client: "management-key"})
	d.PutRole(&realm.Role{Key: "helpdesk-key", Name: "helpdesk", Composites: []string{"impersonation-key"}})
	d.PutProvider(&realm.Provider{Key: "partner-key", Alias: "partner", Kind: "oidc", Enabled: true, StoreToken: true,
		Config: map[string]string{"issuer": partner, "tokenhouse.exchange.trusted": "true"}})
	edit("gateway", func(c *realm.Client) { c.Exchange.External, c.Exchange.Issuers = true, []string{"partner"} })(d)
	edit("orders", func(c *realm.Client) { c.Resource = []string{"https://orders.example"} })(d)
	for _, change := range changes {
		change(d)
	}
	return d
}

func edit(id string, change func(*realm.Client)) func(*realm.Draft) {
	return func(d *realm.Draft) {
		c := *d.Realm().Client(id)
		change(&c)
		d.PutClient(&c)
	}
}

func distrust(d *realm.Draft) {
	p := *d.Realm().Provider("partner")
	p.Config = map[string]string{"issuer": partner}
	d.PutProvider(&p)
}

// powerless takes the right to impersonate out of the role helpdesk.
func powerless(d *realm.Draft) { d.PutRole(&realm.Role{Key: "helpdesk-key", Name: "helpdesk"}) }

// person is somebody with roles, by their keys.
func person(name string, roles ...string) *user.User {
	return &user.User{ID: name + "-id", Username: name, Enabled: true, Roles: roles}
}

// tokenOf is somebody's token of a client, which carries the right to impersonate.
func tokenOf(client string, u *user.User, change func(*token.Verified)) *exchange.Subject {
	t := &token.Verified{Claims: token.Claims{ID: u.ID + "-jti", Client: client, Audience: []string{"gateway"}, Session: u.ID + "-session", Expires: 4_000_000_000},
		Origin: token.Origin{Session: token.Online}}
	t.Other.Set([]string{"impersonation"}, "resource_access", "realm-management", "roles")
	if change != nil {
		change(t)
	}
	return &exchange.Subject{Token: t, User: u}
}

// recorded is a decision of gateway's as the log has it.
func recorded(t *testing.T, r *realm.Realm, q exchange.Request) (decision.Record, string) {
	t.Helper()
	access := oauth.TypeAccessToken
	q.Realm, q.Issuer, q.Client = r, issuer, r.Client("gateway")
	if q.SubjectType == nil {
		q.SubjectType = &access
	}
	if q.Actor != nil {
		q.ActorType = &access
	}
	d := exchange.Decide(q)
	record := decision.Begin("id", string(oauth.TokenExchange), r, issuer)
	record.Of(q.Client, q.Scope)
	record.Exchanged(q, "fingerprint", d)
	if d.Refuse != nil {
		record.End("gateway", d.Refuse)
	} else {
		if d.Grant.Resolution.Realm != nil {
			record.Gave(d.Grant.Type, "eyJ.issued.token", &token.Claims{}, &d.Grant.Resolution)
		}
		record.End("gateway", nil)
	}
	return reread(t, record)
}

// reread is a record as it comes out of a log, and its text there.
func reread(t *testing.T, record *decision.Record) (out decision.Record, text string) {
	t.Helper()
	data, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out, string(data)
}

// Who acts, who is impersonated, whose token comes from elsewhere or is asked for there: decided anew in the realm as it
// was all comes out as it did, and after a change as the change has it.
func TestOthersAgain(t *testing.T) {
	alice, bob := person("alice", "buyer-key"), person("bob", "helpdesk-key")
	robot := person("robot")
	robot.ServiceAccount = "gateway-key"
	mayAct := func(a token.Actor) func(*token.Verified) { return func(v *token.Verified) { v.MayAct = &a } }
	foreign := func(f exchange.Foreign, q exchange.Request) exchange.Request {
		f.Name = partner
		q.Foreign = &f
		return q
	}
	believed := &token.Verified{Claims: token.Claims{Issuer: partner, Subject: "una", Client: "app", Expires: 4_000_000_000}}
	jwt := oauth.TypeJWT
	for name, tt := range map[string]struct {
		was    []func(*realm.Draft)
		q      exchange.Request
		rule   explain.Rule // that refused; empty: granted
		change func(*realm.Draft)
		after  explain.Rule // that refuses then
		unsure bool         // it cannot be told
	}{
		"the requester's account acts": {q: exchange.Request{Subject: tokenOf("app", alice, nil), Actor: tokenOf("gateway", robot, nil), Audiences: []string{"orders"}},
			change: edit("gateway", func(c *realm.Client) { c.Exchange.Permitted = &[]string{"billing"} }), after: explain.ExchangePermitted},
		"an impersonator acts": {q: exchange.Request{Subject: tokenOf("app", alice, nil), Actor: tokenOf("app", bob, nil)},
			change: powerless, after: explain.ExchangeDelegation},
		"who may not impersonate yet": {was: []func(*realm.Draft){powerless}, q: exchange.Request{Subject: tokenOf("app", alice, nil), Actor: tokenOf("app", bob, nil)},
			rule: explain.ExchangeDelegation, change: func(d *realm.Draft) {
				d.PutRole(&realm.Role{Key: "helpdesk-key", Name: "helpdesk", Composites: []string{"impersonation-key"}})
			}},
		"who may act, by name": {q: exchange.Request{Subject: tokenOf("app", alice, mayAct(token.Actor{Subject: "bob-id"})), Actor: tokenOf("app", bob, nil)},
			change: edit("app", func(c *realm.Client) { c.Enabled = false }), after: explain.ExchangeSubject},
		"a client may act": {q: exchange.Request{Subject: tokenOf("app", alice, mayAct(token.Actor{Client: "gateway"})), Actor: tokenOf("gateway", robot, nil)},
			change: edit("gateway", func(c *realm.Client) { c.Key = "another-key" }), after: explain.ExchangeDelegation},
		"may_act says more, and so does the actor": {q: exchange.Request{
			Subject: tokenOf("app", alice, mayAct(token.Actor{Subject: "bob-id", Other: token.Object{{Name: "email", Value: "bob@shop.example"}}})),
			Actor:   tokenOf("app", bob, func(v *token.Verified) { v.Other.Set("bob@shop.example", "email") })}},
		"may_act says more, and the actor does not": {q: exchange.Request{
			Subject: tokenOf("app", alice, mayAct(token.Actor{Subject: "bob-id", Other: token.Object{{Name: "email", Value: "bob@shop.example"}}})),
			Actor:   tokenOf("app", bob, nil)}, rule: explain.ExchangeDelegation},
		"another may act":        {q: exchange.Request{Subject: tokenOf("app", alice, mayAct(token.Actor{Subject: "eve-id"})), Actor: tokenOf("app", bob, nil)}, rule: explain.ExchangeDelegation},
		"nobody acts who has to": {q: exchange.Request{Subject: tokenOf("app", alice, mayAct(token.Actor{Subject: "bob-id"}))}, rule: explain.ExchangeDelegation},
		"actor token not valid":  {q: exchange.Request{Subject: tokenOf("app", alice, nil), Actor: &exchange.Subject{Flaw: "expired"}}, rule: explain.ExchangeActor},
		"actor token not its own": {q: exchange.Request{Subject: tokenOf("app", alice, nil),
			Actor: tokenOf("app", bob, func(v *token.Verified) { v.Audience = nil })}, rule: explain.ExchangeActor},
		"impersonated": {q: exchange.Request{Subject: tokenOf("app", bob, nil), As: &exchange.Impersonation{Name: "alice", User: alice}},
			change: powerless, after: explain.ExchangeUnsupported},
		"impersonated by anybody":    {q: exchange.Request{Subject: tokenOf("app", alice, nil), As: &exchange.Impersonation{Name: "bob", User: bob}}, rule: explain.ExchangeUnsupported},
		"impersonated, but disabled": {q: exchange.Request{Subject: tokenOf("app", bob, nil), As: &exchange.Impersonation{Name: "eve", User: &user.User{ID: "eve-id"}}}, rule: explain.ExchangeImpersonation},
		"nobody is impersonated":     {q: exchange.Request{Subject: tokenOf("app", bob, nil), As: &exchange.Impersonation{Name: "nobody"}}, rule: explain.ExchangeImpersonation},

		"a partner's token": {q: foreign(exchange.Foreign{}, exchange.Request{Subject: &exchange.Subject{Token: believed, User: alice}, SubjectType: &jwt}),
			change: distrust, after: explain.ExchangeIssuer},
		"a partner's token, and no external exchange": {q: foreign(exchange.Foreign{}, exchange.Request{Subject: &exchange.Subject{Token: believed, User: alice}, Legacy: []string{"subject_issuer"}}),
			change: edit("gateway", func(c *realm.Client) { c.Exchange.External = false }), after: explain.ExchangeUnsupported},
		"of somebody unknown":        {q: foreign(exchange.Foreign{Standing: exchange.Unlinked}, exchange.Request{Subject: &exchange.Subject{Token: believed}}), rule: explain.ExchangeLink},
		"of somebody who is barred":  {q: foreign(exchange.Foreign{Standing: exchange.Barred}, exchange.Request{Subject: &exchange.Subject{Token: believed, User: alice}}), rule: explain.ExchangeLink},
		"that is not believed":       {q: foreign(exchange.Foreign{Flaw: exchange.FlawToken}, exchange.Request{Subject: &exchange.Subject{Flaw: "it has expired"}}), rule: explain.ExchangeSubject},
		"of whom nobody trusted yet": {was: []func(*realm.Draft){distrust}, q: foreign(exchange.Foreign{}, exchange.Request{Subject: &exchange.Subject{}}), rule: explain.ExchangeIssuer, change: trust, unsure: true},

		"a token that is kept": {q: exchange.Request{Subject: tokenOf("app", alice, nil), Legacy: []string{"requested_issuer"}, Outward: &exchange.Outward{Name: "partner", Held: exchange.Kept}},
			change: edit("gateway", func(c *realm.Client) { c.Exchange.Issuers = []string{"other"} }), after: explain.ExchangeStored},
		"none is kept": {q: exchange.Request{Subject: tokenOf("app", alice, nil), Legacy: []string{"requested_issuer"}, Outward: &exchange.Outward{Name: "partner", Held: exchange.Unheld}}, rule: explain.ExchangeStored},
		"nobody looked": {was: []func(*realm.Draft){edit("gateway", func(c *realm.Client) { c.Exchange.Issuers = nil })},
			q:    exchange.Request{Subject: tokenOf("app", alice, nil), Legacy: []string{"requested_issuer"}, Outward: &exchange.Outward{Name: "partner"}},
			rule: explain.ExchangeUnsupported, change: edit("gateway", func(c *realm.Client) { c.Exchange.Issuers = []string{"partner"} }), unsure: true},

		"a resource": {q: exchange.Request{Subject: tokenOf("app", alice, nil), Resources: []string{"https://orders.example"}},
			change: edit("orders", func(c *realm.Client) { c.Resource = []string{"https://orders.example/v2"} }), after: explain.ExchangeResource},
		"no resource yet": {q: exchange.Request{Subject: tokenOf("app", alice, nil), Resources: []string{"https://orders.example/v2"}}, rule: explain.ExchangeResource,
			change: edit("orders", func(c *realm.Client) { c.Resource = []string{"https://orders.example/v2"} })},
	} {
		t.Run(name, func(t *testing.T) {
			r := staffed(tt.was...).Realm()
			if o := tt.q.Outward; o != nil {
				o.Provider = r.Provider(o.Name)
			}
			if f := tt.q.Foreign; f != nil {
				f.Provider = r.Provider("partner")
			}
			record, text := recorded(t, r, tt.q)
			if record.Outcome.Rule != tt.rule {
				t.Fatalf("refused by %q, %s", record.Outcome.Rule, text)
			}
			for _, secret := range []string{"eyJ", "bob@", `"alice"`, `"bob"`} {
				if strings.Contains(text, secret) {
					t.Errorf("%s is in %s", secret, text)
				}
			}
			is, ok := decision.Again(record, r)
			if diff := decision.Compare(record.Outcome, is.Outcome); !ok || diff != nil {
				t.Errorf("as it was: %v, %+v because %s\n%s", ok, is.Outcome, is.Because, text)
			}
			if tt.change == nil {
				return
			}
			d := staffed(tt.was...)
			tt.change(d)
			is, ok = decision.Again(record, d.Realm())
			if ok == tt.unsure || ok && (is.Rule != tt.after || is.Granted != (tt.after == "")) {
				t.Errorf("after the change: %v, %+v because %s", ok, is.Outcome, is.Because)
			}
		})
	}
}

// trust undoes distrust.
func trust(d *realm.Draft) { d.PutProvider(staffed().Realm().Provider("partner")) }

// A record of a delegated exchange that an earlier version wrote, which did not note who acts, is not taken again.
func TestOthersUnknown(t *testing.T) {
	record := decided(t, brought(), "orders")
	record.Asked.Acting = true
	if _, ok := decision.Again(record, shop().Realm()); ok {
		t.Error("it was taken again")
	}
}
