package server_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// vouching has realm B take assertions of realm A, and client agent have identity assertions made there.
func (r realms) vouching() (a, b *arena) {
	a, b = r.both()
	a.client("agent", func(c *realm.Client) {
		c.DirectAccess, c.Mappers = true, append(c.Mappers, forRealmB())
		c.Assertions = realm.ClientAssertions{Issue: true, Audiences: []string{"http://localhost:8080/realms/realm-b"}, ClientID: "backend"}
	})
	b.client("backend", func(c *realm.Client) {
		c.Exchange.Enabled, c.Assertions.Enabled, c.Assertions.Providers = true, true, []string{"realm-a"}
	})
	r.provider(func(p *realm.Provider) {
		p.Config["jwtAuthorizationGrantEnabled"], p.Config["tokenhouse.id-jag"] = "true", "accept"
	})
	return a, b
}

// identity has an identity assertion made of an ID token.
func (a *arena) identity(idToken string) string {
	a.Helper()
	return a.want(a.post("token", as("agent", "grant_type", grantExchange, "requested_token_type", string(oauth.TypeIdentity),
		"subject_token", idToken, "subject_token_type", typeID, "audience", "http://localhost:8080/realms/realm-b"))).get("access_token")
}

func (a *arena) redeem(assertion string) answer {
	a.Helper()
	return a.post("token", as("backend", "grant_type", grantJWT, "assertion", assertion, "scope", "openid"))
}

// vouch signs alice in at realm A, and redeems an assertion in realm B.
func (a *arena) vouch(b *arena, assertion func(signedIn answer) string) *visit {
	a.Helper()
	v := &visit{client: as("agent")}
	v.signedIn = a.want(a.post("token", v.by("grant_type", "password", "username", "alice", "password", "alice-password", "scope", "openid")))
	first := b.want(b.redeem(assertion(v.signedIn))).get("access_token")
	v.tokens = map[string]string{"first": first, "second hop": b.want(b.exchange("backend", first, "scope", "openid")).get("access_token")}
	v.unused = a.identity(v.signedIn.get("id_token"))
	return v
}

// TestLineageOfAssertions takes back in realm A what assertions were made of that realm B redeemed, or is to redeem: no
// token of B that came of them is good any more, and none comes of the others.
func TestLineageOfAssertions(t *testing.T) {
	onBothRealms(t, func(r realms) {
		a, b := r.vouching()
		nodes := r.nodes()
		made := func(signedIn answer) string { return a.identity(signedIn.get("id_token")) }
		other := a.vouch(b, made)
		for name, tt := range takings() {
			if name == "the subject token" { // an ID token is not taken back, but its session is
				made = func(signedIn answer) string { return signedIn.get("access_token") }
			}
			v := a.vouch(b, made)
			tt.takeBack(a, v)
			tt.ask(nodes, name, v, other)
			if q := nodes[len(nodes)-1].redeem(v.unused); name != "the subject token" && (q.status == 200) != (name == "nothing") {
				t.Errorf("%s: an assertion made before: %v", name, q)
			}
			tt.restore(a)
			made = func(signedIn answer) string { return a.identity(signedIn.get("id_token")) }
		}
	})
}

// TestWayOfAssertions: what comes of an assertion of another realm says by which exchanges it came, and counts them.
func TestWayOfAssertions(t *testing.T) {
	onBothRealms(t, func(r realms) {
		a, b := r.vouching()
		v := a.vouch(b, func(signedIn answer) string { return a.identity(signedIn.get("id_token")) })
		said := claims(t, v.signedIn.get("id_token"))
		want := []any{map[string]any{"iss": "http://localhost:8080/realms/realm-a", "client": "agent", "jti": said["jti"], "sid": said["sid"], "assertion": true}}
		if diff := cmp.Diff(any(want), claims(t, v.tokens["first"])["exchange_path"]); diff != "" {
			t.Errorf("exchange_path (-want +got):\n%s", diff)
		}
		refusal := func(name string, q answer, text string) {
			t.Helper()
			if q.get("error_description") != text {
				t.Errorf("%s: %v", name, q)
			}
		}
		// A jti is used up by what is refused, too: each is tried with one of its own.
		fresh := func() string { return a.identity(v.signedIn.get("id_token")) }
		b.settings(func(s *realm.Settings) { s.Exchange.ChainLimit = 0 })
		refusal("no exchanges", b.redeem(fresh()), "Token exchange not permitted: chain limit of 0 reached")
		b.settings(func(s *realm.Settings) { s.Exchange.ChainLimit = 1 })
		b.want(b.redeem(fresh()))
		refusal("one more", b.exchange("backend", v.tokens["first"]), "Token exchange not permitted: chain limit of 1 reached")
		b.settings(func(s *realm.Settings) { s.Exchange.ChainLimit = 5 })

		// What came of assertions is exchanged as long as those are grants, whatever tokens are subjects.
		r.provider(func(p *realm.Provider) { p.Config["tokenhouse.exchange.trusted"] = "false" })
		b.want(b.exchange("backend", v.tokens["first"]))
		r.provider(func(p *realm.Provider) {
			p.Config["tokenhouse.exchange.trusted"], p.Config["jwtAuthorizationGrantEnabled"] = "true", "false"
		})
		refusal("no grants any more", b.exchange("backend", v.tokens["first"]), "Client not allowed to exchange")
		r.provider(func(p *realm.Provider) { p.Enabled, p.Config["jwtAuthorizationGrantEnabled"] = false, "true" })
		refusal("switched off", b.exchange("backend", v.tokens["first"]), "Client not allowed to exchange")
		r.provider(func(p *realm.Provider) { p.Enabled = true })

		// No other JWT of the realm is an assertion, and one that is altered is none either.
		refusal("a refresh token", b.redeem(v.signedIn.get("refresh_token")), "Invalid signature algorithm")
		good := fresh()
		refusal("altered", b.redeem(good[:len(good)-6]+"AAAAAA"), "Invalid signature")
		b.want(b.redeem(good))
		refusal("again", b.redeem(good), "Token reuse detected")
	})
}
