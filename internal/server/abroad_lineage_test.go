package server_test

import (
	"maps"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/server"
)

// visit is what came of a token of alice's in realm A: exchanged in realm B, there once more, and the refresh token beside.
type visit struct {
	client   url.Values // of realm A
	signedIn answer     // in realm A
	subject  string     // what was exchanged
	tokens   map[string]string
	refresh  string // empty: there is none
	unused   string // an assertion that nobody redeemed; empty: there is none
}

// by is a form of the client of realm A.
func (v *visit) by(p ...string) url.Values {
	form := pairs(p...)
	maps.Copy(form, v.client)
	return form
}

// taking is a way to take back in realm A what came of a visit.
type taking struct {
	takeBack func(a *arena, v *visit)
	restore  func(a *arena)
	all      bool // of all sessions
}

func takings() map[string]taking {
	nothing := func(*arena) {}
	enable := func(on bool) func(a *arena) {
		return func(a *arena) { a.changeUser("alice", func(u *user.User) { u.Enabled = on }) }
	}
	realmOn := func(on bool) func(a *arena) {
		return func(a *arena) { a.settings(func(s *realm.Settings) { s.Enabled = on }) }
	}
	clientOn := func(on bool) func(a *arena) {
		return func(a *arena) {
			for _, id := range []string{"myapp", "agent"} {
				a.client(id, func(c *realm.Client) { c.Enabled = on })
			}
		}
	}
	return map[string]taking{
		"nothing": {func(*arena, *visit) {}, nothing, false},
		"signing out": {func(a *arena, v *visit) {
			a.post("logout", v.by("refresh_token", v.signedIn.get("refresh_token")))
		}, nothing, false},
		"the subject token": {func(a *arena, v *visit) {
			a.post("revoke", v.by("token", v.signedIn.get("access_token")))
		}, nothing, false},
		"the refresh token": {func(a *arena, v *visit) {
			a.post("revoke", v.by("token", v.signedIn.get("refresh_token")))
		}, nothing, false},
		"the user":   {func(a *arena, _ *visit) { enable(false)(a) }, enable(true), true},
		"the client": {func(a *arena, _ *visit) { clientOn(false)(a) }, clientOn(true), true},
		"the realm":  {func(a *arena, _ *visit) { realmOn(false)(a) }, realmOn(true), true},
	}
}

// TestLineageAbroad takes back in realm A what alice exchanged in realm B: no token of B that came of it is good any
// more, at no use and at no node, and tokens of another session are.
func TestLineageAbroad(t *testing.T) {
	onBothRealms(t, func(r realms) {
		a, b := r.both()
		b.client("backend", func(c *realm.Client) { c.Exchange.Enabled = true })
		nodes := r.nodes()
		other := a.visit(b, "access_token")
		for name, tt := range takings() {
			kind := "access_token"
			if name == "signing out" {
				kind = "id_token" // which has no session in its name
			}
			v := a.visit(b, kind)
			tt.takeBack(a, v)
			tt.ask(nodes, name, v, other)
			tt.restore(a)
		}
	})
}

// ask asks each node about what was taken back, and about another session.
func (tt taking) ask(nodes []*arena, name string, v, other *visit) {
	for i, node := range nodes {
		node.Helper()
		node.hears(v, name == "nothing")
		node.hears(other, !tt.all)
		node.good(v, name == "nothing", name, "node", i)
		node.good(other, !tt.all, name, "another session, node", i)
	}
}

// nodes are realm B on each node.
func (r realms) nodes() []*arena {
	nodes := []*arena{{r.T, r.server, r.base, "realm-b"}}
	if r.second != nil {
		web := httptest.NewServer(r.second.Handler())
		r.Cleanup(web.Close)
		nodes = append(nodes, &arena{r.T, r.second, web.URL, "realm-b"})
	}
	return nodes
}

// visit signs alice in at realm A, and exchanges what she gets in realm B.
func (a *arena) visit(b *arena, kind string) *visit {
	a.Helper()
	v := &visit{client: pairs("client_id", "myapp")}
	v.signedIn = a.want(a.post("token", v.by("grant_type", "password", "username", "alice", "password", "alice-password", "scope", "openid")))
	v.subject = v.signedIn.get(kind)
	abroad := func(p ...string) answer {
		q := as("backend", append(p, "grant_type", grantExchange, "subject_token", v.subject, "subject_issuer", "realm-a",
			"subject_token_type", "urn:ietf:params:oauth:token-type:"+kind, "scope", "openid")...)
		return b.want(b.post("token", q))
	}
	first := abroad("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")
	second := b.want(b.refresh("backend", first.get("refresh_token")))
	v.tokens = map[string]string{
		"first": abroad().get("access_token"), "refreshed": second.get("access_token"),
		"second hop": b.want(b.exchange("backend", second.get("access_token"), "scope", "openid")).get("access_token"),
	}
	v.refresh = second.get("refresh_token")
	return v
}

// hears waits until a node knows whether a visit is good: of what another node did it may hear a second later.
func (a *arena) hears(v *visit, good bool) {
	a.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if a.introspect("api-service", v.tokens["first"]).members["active"] == good {
			return
		}
	}
}

// good tells of each token of a visit whether it is good, for all uses or for none.
func (a *arena) good(v *visit, want bool, about ...any) {
	a.Helper()
	for name, compact := range v.tokens {
		for use, granted := range map[string]bool{
			"introspection": a.introspect("api-service", compact).members["active"] == true,
			"userinfo":      a.userinfo(compact).status == 200,
			"exchange":      a.exchange("backend", compact).status == 200,
		} {
			if granted != want {
				a.Errorf("%v: %s at %s: granted %t", about, name, use, granted)
			}
		}
	}
	if v.refresh == "" {
		return
	}
	if q := a.refresh("backend", v.refresh); (q.status == 200) != want {
		a.Errorf("%v: refresh: %v", about, q)
	}
}

// TestActorsOfAnotherRealm: who acts by a token of realm A acts in realm B as long as they may there.
func TestActorsOfAnotherRealm(t *testing.T) {
	onBothRealms(t, func(r realms) {
		a, b := r.both()
		a.client("myapp", func(c *realm.Client) { c.Mappers = append(c.Mappers, audienceOf("agent")) })
		a.client("agent", func(c *realm.Client) { c.DirectAccess = true })
		r.provider(func(p *realm.Provider) { p.Config["tokenhouse.exchange.clients"] = "agent" })
		account := func(on bool) func(string) {
			return func(string) { a.client("agent", func(c *realm.Client) { c.ServiceAccounts = on }) }
		}
		for name, tt := range map[string]struct{ takeBack, restore func(agent string) }{
			"nothing":         {func(string) {}, func(string) {}},
			"its token":       {func(agent string) { a.want(a.post("revoke", as("agent", "token", agent))) }, func(string) {}},
			"service account": {account(false), account(true)},
		} {
			subject := a.want(a.post("token", pairs("client_id", "myapp", "grant_type", "password", "username", "alice", "password", "alice-password"))).get("access_token")
			agent := a.want(a.service("agent")).get("access_token")
			delegated := a.want(a.exchange("agent", subject, "actor_token", agent, "actor_token_type", typeAccess)).get("access_token")
			kept := b.want(b.post("token", as("backend", "grant_type", grantExchange, "subject_token", delegated, "subject_token_type", typeAccess,
				"subject_issuer", "realm-a", "requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token")))
			tt.takeBack(agent)
			active := b.introspect("api-service", kept.get("access_token")).members["active"]
			if refreshed := b.refresh("backend", kept.get("refresh_token")).status == 200; active != (name == "nothing") || refreshed != active {
				t.Errorf("%s: active %v, refreshed %t", name, active, refreshed)
			}
			tt.restore(agent)
		}
	})
}

// TestNeighbourByAnotherName: a realm with a name of its own is a realm of this server all the same, whose keys are at
// hand and whose sessions count. Nothing answers at the address of its keys.
func TestNeighbourByAnotherName(t *testing.T) {
	onBothRealms(t, func(r realms) {
		const issuer = "https://a.example/realms/realm-a"
		a, b := r.both()
		a.settings(func(s *realm.Settings) { s.FrontendURL = "https://a.example" })
		r.provider(func(p *realm.Provider) { p.Config["issuer"], p.Config["jwksUrl"] = issuer, "https://a.example/none" })
		b.client("backend", func(c *realm.Client) { c.Exchange.Enabled = true })
		v := a.visit(b, "access_token")
		b.good(v, true, "signed in")
		path, _ := claims(t, v.tokens["first"])["exchange_path"].([]any)
		if hop, _ := path[0].(map[string]any); hop["iss"] != issuer {
			t.Errorf("exchange_path: %v", path)
		}
		a.post("logout", url.Values{"client_id": {"myapp"}, "refresh_token": {v.signedIn.get("refresh_token")}})
		b.good(v, false, "signed out")
	})
}

// secondNode is another server on the same database; nil where that is one server's.
func secondNode(t *testing.T, db server.Database) *server.Server {
	if onePlace(db) {
		return nil
	}
	return build(t, server.Config{Database: db, Public: server.Public{Hostname: "http://localhost:8080"}}, nil, "")
}
