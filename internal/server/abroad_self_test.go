package server_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// TestRealmIsNotItsOwnNeighbour: a provider that names the realm itself as its issuer vouches for nothing, though all of it is
// trusted, and the realm's keys are at hand. What the realm issued is subject, assertion and proof of a client by the rules of
// its own tokens alone: else an access token would be a credential, by which who got hold of one could have new ones for ever,
// with all the scopes of its client, whatever that token was narrowed to.
func TestRealmIsNotItsOwnNeighbour(t *testing.T) {
	onBothRealms(t, func(r realms) {
		a, b := r.both()
		a.client("agent", func(c *realm.Client) {
			c.FullScope, c.DirectAccess, c.Mappers = false, true, append(c.Mappers, forRealmB())
		})
		b.client("agent", func(c *realm.Client) { c.FullScope, c.Mappers = false, append(c.Mappers, forRealmB()) })
		b.client("backend", func(c *realm.Client) {
			c.Mappers, c.Assertions.Enabled, c.Assertions.Providers = append(c.Mappers, forRealmB()), true, []string{"realm-a", "self"}
		})
		trust := func(p *realm.Provider) {
			for _, name := range []string{"tokenhouse.exchange.trusted", "jwtAuthorizationGrantEnabled", "supportsClientAssertions"} {
				p.Config[name] = "true"
			}
		}
		r.provider(trust)
		r.provider(func(p *realm.Provider) {
			p.Key, p.Alias, p.Config["issuer"] = "self", "self", "http://localhost:8080/realms/realm-b"
			p.Config["jwksUrl"] = r.base + "/realms/realm-b/protocol/openid-connect/certs" // which answers
		})
		anna := b.user("anna").ID
		b.changeUser("anna", func(u *user.User) {
			u.Links = append(u.Links, user.Link{Provider: "self", Subject: anna, Username: "anna"})
		})
		bring := func(subject, alias string) answer {
			return b.exchange("backend", subject, "subject_issuer", alias)
		}
		ofAlice := a.want(a.post("token", as("agent", "grant_type", "password", "username", "alice", "password", "alice-password"))).get("access_token")
		ofAnna := b.want(bring(ofAlice, "realm-a")).get("access_token")
		machines := map[string]string{"realm-a": a.want(a.service("agent")).get("access_token"), "self": b.want(b.service("agent")).get("access_token")}
		for _, tt := range []struct {
			alias, person string
			good          bool
		}{{"realm-a", ofAlice, true}, {"self", ofAnna, false}} {
			b.client("agent", func(c *realm.Client) {
				c.Authenticator, c.AuthProvider, c.AuthSubject = realm.MethodForeign, tt.alias, claims(r.T, machines[tt.alias])["sub"].(string)
			})
			proof := pairs("grant_type", "client_credentials", "client_assertion_type", clientJWT, "client_assertion", machines[tt.alias])
			for what, q := range map[string]answer{"subject": bring(tt.person, tt.alias), "assertion": b.redeem(tt.person), "client assertion": b.post("token", proof)} {
				if (q.status == 200) != tt.good {
					t.Errorf("%s of %s: %v", what, tt.alias, q)
				}
			}
		}
	})
}
