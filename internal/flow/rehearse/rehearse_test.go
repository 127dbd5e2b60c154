package rehearse_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/rehearse"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// scene is alice at app, whose tokens are for gateway; gateway may exchange them, and reaches orders.
func scene(change func(app *realm.Client, alice *user.User)) (s rehearse.Scene, gateway *realm.Client) {
	app := &realm.Client{Key: "app-key", ID: "app", Enabled: true, Mappers: []realm.Mapper{audienceFor("gateway")}}
	gateway = &realm.Client{Key: "gateway-key", ID: "gateway", Enabled: true, Mappers: []realm.Mapper{audienceFor("orders")}}
	gateway.Exchange.Enabled = true
	alice := &user.User{ID: "alice-id", Username: "alice", Enabled: true}
	if change != nil {
		change(app, alice)
	}
	d := realm.New("shop-key", realm.Settings{Name: "shop", Enabled: true,
		Lifespans: realm.Lifespans{AccessToken: time.Minute}, Exchange: realm.ExchangePolicy{ChainLimit: 1}})
	for _, c := range []*realm.Client{app, gateway, {Key: "orders-key", ID: "orders", Enabled: true}} {
		d.PutClient(c)
	}
	return rehearse.Scene{Realm: d.Realm(), Base: "https://id.example", Client: app, User: alice, Now: noon}, gateway
}

func audienceFor(id string) realm.Mapper {
	return realm.Mapper{Key: id, Name: id, Kind: "oidc-audience-mapper", Protocol: "openid-connect",
		Config: map[string]string{"included.client.audience": id, "access.token.claim": "true"}}
}

func TestOfExchange(t *testing.T) {
	tests := map[string]struct {
		change func(app *realm.Client, alice *user.User)
		flaw   string // in the trace; empty: it is granted
	}{
		"granted":                    {nil, ""},
		"user disabled":              {func(_ *realm.Client, alice *user.User) { alice.Enabled = false }, "user disabled"},
		"client of subject disabled": {func(app *realm.Client, _ *user.User) { app.Enabled = false }, "client disabled"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			subject, gateway := scene(tt.change)
			x := rehearse.OfExchange(subject, gateway, rehearse.Parameters{Audiences: []string{"orders"}})
			if tt.flaw == "" {
				if x.Refusal != nil || !slices.Equal(x.Audiences, []string{"orders"}) {
					t.Fatalf("aud %v, %v", x.Audiences, x.Refusal)
				}
				return
			}
			if x.Refusal == nil || x.Refusal.Description != "Invalid token" {
				t.Fatalf("refusal %v, aud %v", x.Refusal, x.Audiences)
			}
			denied := x.Trace.Denials()
			if len(denied) != 1 || denied[0].Rule != explain.ExchangeSubject || denied[0].Because() != tt.flaw {
				t.Errorf("denied %+v", denied)
			}
		})
	}
}

func TestOfAudience(t *testing.T) {
	subject, _ := scene(nil)
	got := rehearse.OfAudience(subject, "gateway", "orders")
	if !slices.Equal(got.Audiences, []string{"gateway"}) || len(got.Wanted) != 2 {
		t.Fatalf("%+v", got)
	}
	if w := got.Wanted[0]; !w.Reached || len(w.Fixes) > 0 {
		t.Errorf("%+v", w)
	}
	if w := got.Wanted[1]; w.Reached || len(w.Fixes) == 0 {
		t.Errorf("%+v", w)
	}
}

func TestOfToken(t *testing.T) {
	subject, _ := scene(nil)
	c := rehearse.OfToken(subject).Claims
	if c.Issuer != "https://id.example/realms/shop" || c.Client != "app" || c.Expires != noon.Add(time.Minute).Unix() || !slices.Equal(c.Audience, []string{"gateway"}) {
		t.Errorf("%+v", c)
	}
}

// What a client that wants bound tokens gets is bound, and only that client exchanges it, by its key.
func TestOfExchangeOfBoundTokens(t *testing.T) {
	bind := func(app *realm.Client, _ *user.User) {
		app.Tokens.BindDPoP, app.Exchange.Enabled = true, true
	}
	subject, gateway := scene(bind)
	x := rehearse.OfExchange(subject, gateway, rehearse.Parameters{})
	if denied := x.Trace.Denials(); x.Refusal == nil || len(denied) != 1 || denied[0].Rule != explain.ExchangeProof {
		t.Errorf("by another client: %v, denied %+v", x.Refusal, denied)
	}
	if x := rehearse.OfExchange(subject, subject.Client, rehearse.Parameters{}); x.Refusal != nil {
		t.Errorf("by its own: %v", x.Refusal)
	}
}

// Who would act, and who would be impersonated, are asked about as the token endpoint asks.
func TestOfExchangeByOthers(t *testing.T) {
	mayAct := func(app *realm.Client, _ *user.User) {
		app.Mappers = append(app.Mappers, realm.Mapper{Key: "may-act", Name: "may-act", Kind: "oidc-hardcoded-claim-mapper", Protocol: "openid-connect",
			Config: map[string]string{"claim.name": "may_act.sub", "claim.value": "bob-id", "access.token.claim": "true"}})
	}
	for name, tt := range map[string]struct {
		change func(app *realm.Client, alice *user.User)
		actor  *user.User // who has a token of gateway's
		as     *exchange.Impersonation
		rule   explain.Rule // that refuses; empty: granted
	}{
		"its own account":        {nil, &user.User{ID: "robot-id", Username: "robot", Enabled: true, ServiceAccount: "gateway-key"}, nil, ""},
		"somebody":               {nil, &user.User{ID: "bob-id", Username: "bob", Enabled: true}, nil, explain.ExchangeDelegation},
		"who may":                {mayAct, &user.User{ID: "bob-id", Username: "bob", Enabled: true}, nil, ""},
		"who may, but disabled":  {mayAct, &user.User{ID: "bob-id", Username: "bob"}, nil, explain.ExchangeActor},
		"nobody, where some may": {mayAct, nil, nil, explain.ExchangeDelegation},
		"impersonated by anyone": {nil, nil, &exchange.Impersonation{Name: "bob"}, explain.ExchangeUnsupported},
	} {
		subject, gateway := scene(tt.change)
		p := rehearse.Parameters{Audiences: []string{"orders"}, As: tt.as}
		if tt.actor != nil {
			p.Actor = &rehearse.Scene{Realm: subject.Realm, Base: subject.Base, Client: gateway, User: tt.actor, Service: tt.actor.ServiceAccount != "", Now: noon}
		}
		x := rehearse.OfExchange(subject, gateway, p)
		denied := x.Trace.Denials()
		if (x.Refusal == nil) != (tt.rule == "") || tt.rule != "" && (len(denied) != 1 || denied[0].Rule != tt.rule || len(x.Fixes) == 0) {
			t.Errorf("%s: %v, denied %+v", name, x.Refusal, denied)
		}
	}
}
