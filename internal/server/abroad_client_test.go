package server_test

import (
	"slices"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// TestClientsOfAnotherRealm: a client of realm A proves itself in realm B by its token, as long as that is good in realm A. The
// keys are at hand: nothing answers at the address of the provider's.
func TestClientsOfAnotherRealm(t *testing.T) {
	onBothRealms(t, func(r realms) {
		a, b := r.both()
		a.client("agent", func(c *realm.Client) {
			c.FullScope, c.Mappers = false, append(c.Mappers, forRealmB())
		})
		issue := func() string { return a.want(a.service("agent")).get("access_token") }
		r.provider(func(p *realm.Provider) {
			p.Config["supportsClientAssertions"], p.Config["useJwksUrl"], p.Config["jwksUrl"] = "true", "true", "https://a.example/none"
		})
		account := claims(t, issue())["sub"].(string)
		b.client("agent", func(c *realm.Client) {
			c.Authenticator, c.AuthProvider, c.AuthSubject = realm.MethodForeign, "realm-a", account
		})
		prove := func(assertion string) answer {
			return b.post("token", pairs("grant_type", "client_credentials", "client_assertion_type", clientJWT,
				"client_assertion", assertion))
		}
		on := func(on bool) func() {
			return func() { a.client("agent", func(c *realm.Client) { c.Enabled = on }) }
		}
		realmOn := func(on bool) func() {
			return func() { a.settings(func(s *realm.Settings) { s.Enabled = on }) }
		}
		userOn := func(on bool) func() {
			return func() { a.changeUser("service-account-agent", func(u *user.User) { u.Enabled = on }) }
		}
		nothing := func() {}
		for name, tt := range map[string]struct {
			takeBack func(assertion string)
			restore  func()
			good     bool
		}{
			"nothing":             {takeBack: func(string) {}, restore: nothing, good: true},
			"its token":           {takeBack: func(assertion string) { a.want(a.post("revoke", as("agent", "token", assertion))) }, restore: nothing},
			"the client":          {takeBack: func(string) { on(false)() }, restore: on(true)},
			"the service account": {takeBack: func(string) { userOn(false)() }, restore: userOn(true)},
			"the realm":           {takeBack: func(string) { realmOn(false)() }, restore: realmOn(true)},
		} {
			assertion := issue()
			tt.takeBack(assertion)
			if q := prove(assertion); (q.status == 200) != tt.good || !tt.good && q.get("error") != "invalid_client" {
				t.Errorf("%s: %v", name, q)
			}
			tt.restore()
		}
		b.want(prove(issue()))

		// A service that agent calls exchanges its token; what it gets by that speaks of agent, and is not agent's.
		a.edit(func(d *realm.Draft) {
			service, agent := *d.Realm().Client("agent"), *d.Realm().Client("agent")
			service.Key, service.ID, service.Secret = "service", "service", "service-secret"
			for _, c := range []*realm.Client{&service, &agent} {
				c.Exchange.Enabled, c.Exchange.Permitted = true, &[]string{"http://localhost:8080/realms/realm-b"}
			}
			agent.Mappers = append(slices.Clone(agent.Mappers), realm.Mapper{Key: "for-service", Name: "for-service", Kind: "oidc-audience-mapper", Protocol: "openid-connect",
				Config: map[string]string{"included.client.audience": "service", "access.token.claim": "true"}})
			d.PutClient(&service)
			d.PutClient(&agent)
		})
		exchanged := func(by string) string {
			return a.want(a.exchange(by, issue(), "audience", "http://localhost:8080/realms/realm-b")).get("access_token")
		}
		if q := prove(exchanged("service")); q.get("error") != "invalid_client" {
			t.Errorf("exchanged by another client: %v", q)
		}
		b.want(prove(exchanged("agent")))
		a.client("agent", func(c *realm.Client) { c.Mappers = c.Mappers[:len(c.Mappers)-1] })

		good := issue()
		if q := prove(good[:len(good)-6] + "AAAAAA"); q.get("error") != "invalid_client" {
			t.Errorf("altered: %v", q)
		}
		b.want(prove(good))
	})
}
