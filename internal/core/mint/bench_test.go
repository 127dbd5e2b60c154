package mint_test

import (
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmtest"
)

// BenchmarkAccess resolves and composes an access token, as every request of the token endpoint does.
func BenchmarkAccess(b *testing.B) {
	f := realmtest.Load(b, realms+"/shop.json")
	benchmarks := []struct {
		name, client, user, scope string
		audiences                 []string
		explain                   bool
	}{
		{name: "service", client: "gateway", user: "service-account-gateway"},
		{name: "exchange", client: "gateway", user: "alice", scope: "billing-roles", audiences: []string{"billing"}},
		{name: "exchange explained", client: "gateway", user: "alice", scope: "billing-roles", audiences: []string{"billing"}, explain: true},
		{name: "full scope", client: "spa", user: "alice", scope: "openid"},
	}
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			q := audience.Request{
				Realm: f.Realm, Issuer: f.Realm.Issuer(base), Client: f.Realm.Client(bm.client), User: f.User(b, bm.user),
				Session: &session.Session{ID: "session"}, Scope: bm.scope, Audiences: bm.audiences, Use: mapper.Access, Explain: bm.explain,
			}
			b.ReportAllocs()
			for b.Loop() {
				r := audience.Resolve(q)
				mint.Access(mint.Request{For: &r, Base: base, ID: "id", Origin: token.Origin{Session: token.Online, Grant: token.ByExchange},
					Now: noon, Expires: noon.Add(time.Minute)})
			}
		})
	}
}
