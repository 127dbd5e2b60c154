package graph_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/graph"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/realm/realmdraw"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// TestEachPathCanBeTaken plays every path from where a token comes without an exchange, for a user with every role whose clients
// ask for every scope: in realms where no mapper takes away what others gave, no exchange of it is refused.
func TestEachPathCanBeTaken(t *testing.T) {
	longest := 0
	rapid.Check(t, func(t *rapid.T) {
		r := realmdraw.Realm(t, realmdraw.Adding)
		g := graph.Build(r, realmdraw.Issuer)
		var paths []graph.Path
		for _, from := range g.Clients() {
			if !r.Client(from).Entry() {
				continue
			}
			paths = append(paths, g.Reaches(from)...)
			for _, to := range g.Clients() {
				listed, _ := g.Paths(from, to, 5)
				paths = append(paths, listed...)
			}
		}
		for _, to := range g.Clients() {
			for _, p := range g.WhoReaches(to) {
				if r.Client(p.From()).Entry() {
					paths = append(paths, p)
				}
			}
		}
		for _, p := range paths {
			longest = max(longest, p.Exchanges())
			take(t, r, p)
		}
	})
	if longest < 2 {
		t.Errorf("no path takes more than %d exchanges", longest)
	}
}

// take plays one path.
func take(t *rapid.T, r *realm.Realm, p graph.Path) {
	u, start := realmdraw.Everybody(r), r.Client(p.From())
	held := &token.Verified{Claims: token.Claims{Client: start.ID, Audience: resolve(r, start, u, words(r, start)).Audiences}}
	for _, h := range p.Hops {
		if h.Exchange {
			c := r.Client(h.From)
			d := exchange.Decide(request(r, c, held, u, words(r, c), h.To))
			if d.Refuse != nil {
				d = exchange.Decide(request(r, c, held, u, words(r, c)))
			}
			if d.Refuse != nil {
				t.Fatalf("%s: %+v is refused: %v", show(p), h, d.Refuse)
			}
			held = &token.Verified{Claims: token.Claims{Client: c.ID, Audience: d.Grant.Resolution.Audiences, Path: d.Grant.Path}}
		}
		if !slices.Contains(held.Audience, h.To) {
			t.Fatalf("%s: %+v names only %v", show(p), h, held.Audience)
		}
	}
}

// words is the parameter "scope" that names every optional scope of a client.
func words(r *realm.Realm, c *realm.Client) string {
	var out []string
	for _, key := range c.OptionalScopes {
		out = append(out, r.ScopeByKey(key).Name)
	}
	return strings.Join(out, " ")
}
