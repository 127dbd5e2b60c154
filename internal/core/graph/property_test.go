package graph_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/graph"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/realm/realmdraw"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// TestWhatIsGrantedIsInTheGraph plays chains of exchanges in drawn realms: whatever a token comes to name, the graph has the
// hop, and a path from where the chain began that takes no more exchanges.
func TestWhatIsGrantedIsInTheGraph(t *testing.T) {
	granted := 0
	rapid.Check(t, func(t *rapid.T) {
		r := realmdraw.Realm(t, slices.Concat(realmdraw.Adding, realmdraw.Taking))
		g := graph.Build(r, realmdraw.Issuer)
		start := r.Client(rapid.SampledFrom(realmdraw.Clients).Draw(t, "start"))
		if !start.Entry() {
			return
		}
		u := realmdraw.Somebody(t, r)
		held := signIn(t, r, start, u)
		known := func(audiences []string) []string { // what only the user's attribute names is no node
			return slices.DeleteFunc(slices.Clone(audiences), func(name string) bool {
				return r.Client(name) == nil && name == u.Attributes["for"][0] && !g.Has(name)
			})
		}
		covers(t, g, start.ID, start.ID, known(held.Audience), 0)
		for n := 1; n <= 6; n++ {
			requester := r.Client(rapid.SampledFrom(realmdraw.Clients).Draw(t, "requester"))
			if !requester.Enabled {
				return // it is not authenticated
			}
			scope := drawnScope(t, r, requester)
			d := exchange.Decide(request(r, requester, held, u, scope, rapid.SliceOfN(rapid.SampledFrom(realmdraw.Targets), 0, 2).Draw(t, "audience")...))
			if d.Refuse != nil {
				continue
			}
			granted++
			n := len(d.Grant.Path)
			held = &token.Verified{Claims: token.Claims{Client: requester.ID, Audience: d.Grant.Resolution.Audiences, Scope: &scope, Path: d.Grant.Path}}
			for _, name := range known(held.Audience) {
				if name != requester.ID && !slices.Contains(g.Exchanges(requester.ID), name) {
					t.Fatalf("%s exchanges to %s, and the graph knows only %v", requester.ID, name, g.Exchanges(requester.ID))
				}
			}
			covers(t, g, start.ID, requester.ID, known(held.Audience), n)
		}
	})
	if granted == 0 {
		t.Error("nothing was ever granted")
	}
}

// covers sees that the graph has a path to each audience that takes no more exchanges.
func covers(t *rapid.T, g *graph.Graph, from, by string, audiences []string, exchanges int) {
	for _, to := range audiences {
		if to == from || to == by {
			continue
		}
		paths, _ := g.Paths(from, to, 10)
		if len(paths) == 0 || paths[0].Exchanges() > exchanges {
			t.Fatalf("%s gets to %s by %d exchanges, and the graph has %+v", from, to, exchanges, paths)
		}
		for list, all := range map[string][]graph.Path{"Reaches": g.Reaches(from), "WhoReaches": g.WhoReaches(to)} {
			if !slices.ContainsFunc(all, func(p graph.Path) bool { return p.From() == from && p.To() == to }) {
				t.Fatalf("%s lacks %s to %s", list, from, to)
			}
		}
	}
}

// TestEachHopHasAWitness: a user with every role gets the token that a hop says can be had, asking for the scopes of one of its
// reasons, where no mapper takes away what others gave.
func TestEachHopHasAWitness(t *testing.T) {
	seen := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		r := realmdraw.Realm(t, realmdraw.Adding)
		settings := r.Settings
		settings.Exchange.ChainLimit = -1
		draft := realm.Edit(r)
		draft.PutSettings(settings)
		r = draft.Realm()
		g, u := graph.Build(r, realmdraw.Issuer), realmdraw.Everybody(r)
		for _, id := range g.Clients() {
			c := r.Client(id)
			for _, to := range g.Issues(id) {
				h := graph.Hop{From: id, To: to}
				witnessed(t, g, h, func(scope string) bool {
					return slices.Contains(resolve(r, c, u, scope).Audiences, to)
				})
				seen[false]++
			}
			for _, to := range g.Exchanges(id) {
				h := graph.Hop{From: id, To: to, Exchange: true}
				witnessed(t, g, h, func(scope string) bool {
					subject := &token.Verified{Claims: token.Claims{Client: id}}
					named := exchange.Decide(request(r, c, subject, u, scope, to))
					all := exchange.Decide(request(r, c, subject, u, scope))
					return named.Grant != nil || all.Grant != nil && slices.Contains(all.Grant.Resolution.Audiences, to)
				})
				seen[true]++
			}
		}
	})
	if seen[false] == 0 || seen[true] == 0 {
		t.Errorf("hops that were looked at: %v", seen)
	}
}

// witnessed sees that one of the hop's reasons, or what all of them ask for together, gets the token.
func witnessed(t *rapid.T, g *graph.Graph, h graph.Hop, gets func(scope string) bool) {
	reasons := g.Reasons(h)
	var every []string
	for _, reason := range reasons {
		if gets(strings.Join(reason.Scope, " ")) {
			return
		}
		every = append(every, reason.Scope...)
	}
	// What a mapper gives is known as a way, and the scope of that mapper is not.
	for i := range 5 {
		every = append(every, "s"+string(rune('0'+i)))
	}
	if len(reasons) == 0 || !gets(strings.Join(every, " ")) {
		t.Fatalf("%+v has no witness; reasons: %+v", h, reasons)
	}
}

// signIn is a token that a user gets at a client.
func signIn(t *rapid.T, r *realm.Realm, c *realm.Client, u *user.User) *token.Verified {
	scope := drawnScope(t, r, c)
	return &token.Verified{Claims: token.Claims{Client: c.ID, Audience: resolve(r, c, u, scope).Audiences, Scope: &scope}}
}

func drawnScope(t *rapid.T, r *realm.Realm, c *realm.Client) string {
	words := []string{"openid"}
	for _, key := range c.OptionalScopes {
		if rapid.Bool().Draw(t, "asks for "+key) {
			words = append(words, r.ScopeByKey(key).Name)
		}
	}
	return strings.Join(words, " ")
}

func resolve(r *realm.Realm, c *realm.Client, u *user.User, scope string) audience.Resolution {
	q := audience.Request{Realm: r, Issuer: realmdraw.Issuer, Client: c, User: u, Scope: scope}
	if c.Tokens.Lightweight {
		q.Use = mapper.Lightweight
	}
	return audience.Resolve(q)
}

// request is an exchange by a client, with no word in scope that is not its own.
func request(r *realm.Realm, c *realm.Client, subject *token.Verified, u *user.User, scope string, audiences ...string) exchange.Request {
	var words []string
	for word := range strings.FieldsSeq(scope) {
		if _, ok := r.ScopesOf(c, word); ok {
			words = append(words, word)
		}
	}
	access, own := oauth.TypeAccessToken, strings.Join(words, " ")
	q := exchange.Request{
		Realm: r, Issuer: realmdraw.Issuer, Client: c, SubjectType: &access, Audiences: audiences,
		Subject: &exchange.Subject{Token: subject, User: u},
	}
	if own != "" {
		q.Scope = &own
	}
	return q
}
