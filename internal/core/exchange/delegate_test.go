package exchange_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// actorsOf are actor tokens by what the table below calls them.
var actorsOf = map[string]*held{
	"none":      nil,
	"own":       {Client: "gateway", User: "service-account-gateway", Session: token.Transient},
	"ines":      {Client: "gateway", User: "ines"}, // who may impersonate
	"bob":       {Client: "gateway", User: "bob"},  // who may not
	"bob@spa":   {Client: "spa", User: "bob"},
	"self":      {Client: "gateway", User: "alice"},
	"delegated": {Client: "gateway", User: "ines", Act: []string{"bob"}},
	"exchanged": {Client: "gateway", User: "ines", Path: []string{"spa"}},
}

// TestDelegation: who may act, by what the subject token says of it.
func TestDelegation(t *testing.T) {
	columns := strings.Fields("none own ines bob bob@spa self delegated exchanged")
	rows := []struct{ mayAct, granted string }{ // "+" is granted, in the order of the columns
		{``, "+ + + - - - - -"},
		{`{"sub":"bob"}`, "- - - + + - - -"},
		{`{"sub":"bob","client_id":"gateway"}`, "- - - + - - - -"},
		{`{"sub":"bob","client_id":"spa"}`, "- - - - + - - -"},
		{`{"client_id":"gateway"}`, "- + - - - - - -"}, // the client, and nobody who is signed in at it
		{`{"client_id":"spa"}`, "- - - - - - - -"},
		{`{"sub":"service-account-gateway"}`, "- + - - - - - -"},
		{`{"sub":"bob","iss":"` + issuer + `"}`, "- - - + + - - -"},
		{`{"sub":"bob","iss":"https://elsewhere.example"}`, "- - - - - - - -"},
		{`{"sub":"bob","preferred_username":"bob"}`, "- - - + + - - -"},
		{`{"sub":"bob","preferred_username":"ines"}`, "- - - - - - - -"},
		{`{"sub":"bob","tenant":"east"}`, "- - - - - - - -"}, // the actor token does not say
		{`{"sub":"bob","tenant":null}`, "- - - - - - - -"},
		{`{"sub":"bob","act":{"sub":"ines"}}`, "- - - - - - - -"},
		{`{"sub":"ines"}`, "- - + - - - - -"},
		{`{"sub":"alice"}`, "- - - - - - - -"},
		{`{"preferred_username":"bob"}`, "- - - - - - - -"}, // it names nobody
		{`{}`, "- - - - - - - -"},
	}
	s := shop(t)
	for _, row := range rows {
		var got []string
		for _, name := range columns {
			p := play{Client: "gateway", Subject: &held{Client: "spa", User: "alice", MayAct: row.mayAct}, Actor: actorsOf[name]}
			d := exchange.Decide(p.request(t, s))
			if d.Grant != nil {
				got = append(got, "+")
				continue
			}
			got = append(got, "-")
			if d.Rule != explain.ExchangeDelegation || d.Refuse.Status != 403 || d.Refuse.Code != oauth.AccessDenied ||
				len(exchange.Fixes(p.request(t, s), d)) == 0 {
				t.Errorf("%s, %s: refused by %s: %v", row.mayAct, name, d.Rule, d.Refuse)
			}
		}
		if diff := cmp.Diff(strings.Fields(row.granted), got); diff != "" {
			t.Errorf("may_act %q, actors %v (-want +got):\n%s", row.mayAct, columns, diff)
		}
	}
}

// What is told of an actor token that cannot be looked at, or is not the requester's.
func TestActorRefused(t *testing.T) {
	good := func() play { return play{Client: "gateway", Subject: ofAlice(), Actor: actorsOf["own"]} }
	tests := map[string]struct {
		change func(*play)
		want   refusal
	}{
		"without a type": {func(p *play) { p.ActorType = ptr(oauth.TokenType("-")) },
			refusal{explain.ExchangeActor, 400, oauth.InvalidRequest, "Parameter 'actor_token_type' required with 'actor_token'", "invalid_request", ""}},
		"a type without a token": {func(p *play) { p.Actor, p.ActorType = nil, ptr(oauth.TypeAccessToken) },
			refusal{explain.ExchangeActor, 400, oauth.InvalidRequest, "Parameter 'actor_token' required with 'actor_token_type'", "invalid_request", ""}},
		"an empty type without a token": {func(p *play) { p.Actor, p.ActorType = nil, ptr(oauth.TokenType("")) },
			refusal{explain.ExchangeActor, 400, oauth.InvalidRequest, "Parameter 'actor_token' required with 'actor_token_type'", "invalid_request", ""}},
		"an ID token": {func(p *play) { p.ActorType = ptr(oauth.TypeIDToken) },
			refusal{explain.ExchangeActor, 400, oauth.InvalidRequest, "Invalid actor token type", "invalid_request", ""}},
		"expired": {func(p *play) { p.Actor = &held{Invalid: "expired"} },
			refusal{explain.ExchangeActor, 400, oauth.InvalidRequest, "Invalid actor token", "invalid_token", "actor_token validation failure"}},
		"of another client": {func(p *play) { p.Actor = &held{Client: "app", User: "ines"} },
			refusal{explain.ExchangeActor, 403, oauth.AccessDenied, "Client is not within the actor token audience", "not_allowed", ""}},
		"bound, without proof": {func(p *play) { p.Actor = &held{Client: "gateway", User: "ines", Bound: true} },
			refusal{explain.ExchangeProof, 400, oauth.InvalidRequest, "DPoP proof is missing", "invalid_dpop_proof", ""}},
		"bound to another client": {func(p *play) { p.Actor, p.Key = &held{Client: "spa", User: "ines", Bound: true}, "thumbprint" },
			refusal{explain.ExchangeProof, 400, oauth.InvalidRequest, "Sender-constrained token exchange rejected as the token was not issued for the requesting client", "invalid_request", ""}},
	}
	s := shop(t)
	if d := exchange.Decide(good().request(t, s)); d.Grant == nil {
		t.Fatalf("its like is refused: %v", d.Refuse)
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			p := good()
			tt.change(&p)
			q := p.request(t, s)
			d := exchange.Decide(q)
			tt.want.check(t, d)
			if len(exchange.Fixes(q, d)) == 0 {
				t.Error("no fix")
			}
		})
	}
	bound := play{Client: "gateway", Subject: ofAlice(), Actor: &held{Client: "gateway", User: "ines", Bound: true}, Key: "thumbprint"}
	if d := exchange.Decide(bound.request(t, s)); d.Grant == nil {
		t.Errorf("with proof: %v", d.Refuse)
	}
}

// TestAttackT11: what a token says of who acts and who may act stays, whatever the request leaves out or puts in.
func TestAttackT11(t *testing.T) {
	s := shop(t)
	may := `{"sub":"bob"}`
	grant := func(p play) *exchange.Grant {
		t.Helper()
		d := exchange.Decide(p.request(t, s))
		if d.Grant == nil {
			t.Fatalf("refused: %v", d.Refuse)
		}
		return d.Grant
	}
	names := func(a *token.Actor) (out []string) {
		for ; a != nil; a = a.Actor {
			out = append(out, a.Subject)
		}
		return out
	}

	plain := grant(play{Client: "gateway", Subject: ofAlice()})
	if plain.Actor != nil || plain.MayAct != nil {
		t.Errorf("act %+v, may_act %+v out of nothing", plain.Actor, plain.MayAct)
	}
	first := grant(play{Client: "gateway", Subject: &held{Client: "spa", User: "alice", MayAct: may}, Actor: actorsOf["bob"]})
	want := &token.Actor{Subject: "bob", Client: "gateway", Token: "jti", Session: "session"}
	if diff := cmp.Diff(want, first.Actor); diff != "" || first.MayAct == nil || first.MayAct.Subject != "bob" {
		t.Errorf("act (-want +got):\n%smay_act %+v", diff, first.MayAct)
	}
	next := grant(play{Client: "gateway", Subject: &held{Client: "spa", User: "alice", MayAct: may, Act: []string{"bob"}}})
	if !cmp.Equal(names(next.Actor), []string{"bob"}) || next.MayAct == nil {
		t.Errorf("a hop without an actor: act %v, may_act %+v", names(next.Actor), next.MayAct)
	}
	again := grant(play{Client: "gateway", Subject: &held{Client: "spa", User: "alice", Act: []string{"bob", "carol"}}, Actor: actorsOf["own"]})
	if !cmp.Equal(names(again.Actor), []string{"service-account-gateway", "bob", "carol"}) {
		t.Errorf("a hop with another: act %v", names(again.Actor))
	}
	d := exchange.Decide(play{Client: "gateway", Subject: &held{Client: "spa", User: "alice", MayAct: may, Act: []string{"bob"}}, Actor: actorsOf["own"]}.request(t, s))
	if d.Refuse == nil || d.Rule != explain.ExchangeDelegation {
		t.Error("may_act is forgotten once somebody acts")
	}
}

// An exchanged token outlives neither subject nor actor token.
func TestActorCapsLifetime(t *testing.T) {
	s := shop(t)
	q := play{Client: "gateway", Subject: ofAlice(), Actor: actorsOf["own"]}.request(t, s)
	q.Actor.Token.Expires = noon.Add(10 * time.Second).Unix()
	if d := exchange.Decide(q); !d.Grant.NotAfter.Equal(noon.Add(10 * time.Second)) {
		t.Errorf("until %v", d.Grant.NotAfter)
	}
}

// TestStillActing: who acts may still act where the refresh token names them, where they are a client on the way, or where they may
// impersonate today.
func TestStillActing(t *testing.T) {
	for name, tt := range map[string]struct {
		user, client string
		may          *token.Actor
		granted      bool
	}{
		"may impersonate":                    {"ines", "gateway", nil, true},
		"may not":                            {"bob", "gateway", nil, false},
		"a client on the way":                {"service-account-gateway", "gateway", nil, true},
		"its account by another's token":     {"service-account-gateway", "spa", nil, false},
		"named":                              {"bob", "gateway", &token.Actor{Subject: "bob"}, true},
		"named, and by this client":          {"bob", "gateway", &token.Actor{Subject: "bob", Client: "gateway"}, true},
		"named, and by another":              {"bob", "gateway", &token.Actor{Subject: "bob", Client: "spa"}, false},
		"another is named":                   {"bob", "gateway", &token.Actor{Subject: "alice"}, false},
		"the client is named, for itself":    {"bob", "gateway", &token.Actor{Client: "gateway"}, false},
		"nobody is named in words for us":    {"bob", "gateway", &token.Actor{Issuer: issuer}, false},
		"who may impersonate, another named": {"ines", "gateway", &token.Actor{Subject: "bob"}, true},
	} {
		s := shop(t)
		d := exchange.Renew(exchange.Renewal{Realm: s.Realm, Issuer: issuer, Client: s.Realm.Client("refresher"), User: s.User(t, "alice"), Scope: "roles",
			Audiences: []string{"orders"}, Path: []token.Hop{{Client: "spa"}, {Client: "gateway"}}, MayAct: tt.may,
			Acting: []exchange.Acting{{Client: tt.client, User: s.User(t, tt.user)}}, Explain: true})
		if (d.Refuse == nil) != tt.granted || !tt.granted && d.Rule != explain.ExchangeDelegation {
			t.Errorf("%s: %v by %s", name, d.Refuse, d.Rule)
		}
	}
}
