package graph_test

import (
	"fmt"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/graph"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/realm/realmdraw"
)

// BenchmarkBuild builds the graph of 1,000 clients with 20 scopes each, and of as many that have full scope, so that
// everybody reaches everybody.
func BenchmarkBuild(b *testing.B) {
	for _, full := range []bool{false, true} {
		b.Run(fmt.Sprintf("full-scope=%v", full), func(b *testing.B) {
			r := large(1000, 20, full)
			for b.Loop() {
				graph.Build(r, realmdraw.Issuer)
			}
		})
	}
}

// BenchmarkCommon asks what takes longest in a realm where everybody reaches everybody.
func BenchmarkCommon(b *testing.B) {
	g := graph.Build(large(1000, 20, true), realmdraw.Issuer)
	for b.Loop() {
		g.Common()
		g.Cycles()
	}
}

// large is a realm of n clients, each with two roles and so many scopes, each of which names a client.
func large(n, scopes int, full bool) *realm.Realm {
	d := realm.New("r", realm.Settings{Name: "large", Exchange: realm.ExchangePolicy{ChainLimit: 5, RefuseCycles: true}})
	on := map[string]string{"access.token.claim": "true"}
	d.PutScope(&realm.ClientScope{Key: "roles", Name: "roles", Mappers: []realm.Mapper{{Key: "resolve", Name: "resolve", Kind: mapper.KindResolve, Config: on}}})
	for i := range n {
		id := fmt.Sprint("client-", i)
		d.PutScope(&realm.ClientScope{Key: "scope-" + id, Name: "scope-" + id, Mappers: []realm.Mapper{
			{Key: "m" + id, Name: "audience", Kind: mapper.KindAudience, Config: map[string]string{"included.client.audience": id, "access.token.claim": "true"}},
			{Key: "n" + id, Name: "name", Kind: "oidc-full-name-mapper", Config: on},
		}})
		for _, name := range []string{"read", "write"} {
			d.PutRole(&realm.Role{Key: id + name, Name: name, Client: id})
		}
	}
	for i := range n {
		id := fmt.Sprint("client-", i)
		c := &realm.Client{Key: id, ID: id, Enabled: true, StandardFlow: true, FullScope: full, DefaultScopes: []string{"roles"}, Exchange: realm.ClientExchange{Enabled: true}}
		for k := 1; k < scopes; k++ {
			scope := fmt.Sprint("scope-client-", (i*k+k)%n)
			if k%2 == 0 {
				c.DefaultScopes = append(c.DefaultScopes, scope)
			} else {
				c.OptionalScopes = append(c.OptionalScopes, scope)
			}
		}
		d.PutClient(c)
	}
	return d.Realm()
}
