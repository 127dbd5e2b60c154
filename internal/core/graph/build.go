package graph

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Graph is who reaches whom in one version of a realm.
type Graph struct {
	Realm *realm.Realm

	survey *audience.Survey
	nodes  []node
	number map[string]int // by name

	issues    []set // what tokens can name that come to a node without an exchange
	exchanges []set // what a node can exchange to
	requested []set // the nodes that can exchange to a node

	// behind is how many exchanges are behind the tokens that a node can take from others, at least; -1: it takes none.
	behind []int
}

// node is a client, or a custom audience.
type node struct {
	name   string
	client *realm.Client // nil: a custom audience
	entry  bool          // tokens come to it without an exchange
	asks   bool          // it may exchange tokens
	taker  bool          // it exchanges tokens that were issued to others
}

// Build finds the graph of a realm whose issuer URL is issuer. Edges of a client to itself are left out: they open nothing.
func Build(r *realm.Realm, issuer string) *Graph {
	g := &Graph{Realm: r, survey: audience.NewSurvey(r, issuer), number: map[string]int{}}
	clients := r.Clients()
	for _, c := range clients {
		asks := c.Heard() && exchange.MayRequest(c)
		g.add(node{name: c.ID, client: c, entry: c.Entry(), asks: asks, taker: asks && exchange.TakesOthers(c)})
	}
	open := map[int]*audience.Extent{} // whose tokens can name anything
	for at, c := range clients {
		if !g.nodes[at].entry && !g.nodes[at].asks {
			continue
		}
		e := g.survey.Of(c)
		if e.Anything() {
			open[at] = e
		}
		names := e.Audiences.All()
		if g.nodes[at].asks && c.Exchange.Permitted != nil {
			names = slices.Concat(names, *c.Exchange.Permitted)
		}
		for _, name := range names {
			if name != "" {
				g.connect(at, g.named(name), e)
			}
		}
	}
	for at, e := range open {
		for to := range g.nodes {
			g.connect(at, to, e)
		}
	}
	g.turn()
	g.takes()
	return g
}

// named is the number of a node; a name that is new is that of a custom audience.
func (g *Graph) named(name string) int {
	if at, ok := g.number[name]; ok {
		return at
	}
	return g.add(node{name: name})
}

func (g *Graph) add(n node) int {
	g.number[n.name] = len(g.nodes)
	g.nodes = append(g.nodes, n)
	g.issues, g.exchanges = append(g.issues, nil), append(g.exchanges, nil)
	return len(g.nodes) - 1
}

// connect adds what edges there are between two nodes.
func (g *Graph) connect(from, to int, e *audience.Extent) {
	c, name := g.nodes[from].client, g.nodes[to].name
	if from == to {
		return
	}
	if target := g.nodes[to].client; g.nodes[from].entry && e.Reaches(name) && (target == nil || target.Enabled) {
		g.issues[from].add(to)
	}
	if g.nodes[from].asks && exchange.Edge(g.Realm, c, name, e) {
		g.exchanges[from].add(to)
	}
}

// turn finds the edges backwards.
func (g *Graph) turn() {
	g.requested = make([]set, len(g.nodes))
	for from, targets := range g.exchanges {
		for to := range targets.all() {
			g.requested[to].add(from)
		}
	}
}

// takes finds who can take tokens from others, and after how many exchanges.
func (g *Graph) takes() {
	g.behind = slices.Repeat([]int{-1}, len(g.nodes))
	var seen set
	var next []int
	reach := func(targets set, exchanges int) {
		for to := range targets.without(seen) {
			seen.add(to)
			if g.nodes[to].taker {
				g.behind[to] = exchanges
				next = append(next, to)
			}
		}
	}
	for at, n := range g.nodes {
		if n.entry {
			reach(g.issues[at], 0)
		}
	}
	for exchanges := 1; exchange.ChainAllows(g.Realm, exchanges); exchanges++ {
		level := next
		next = nil
		for at, n := range g.nodes {
			if exchanges == 1 && n.entry {
				reach(g.exchanges[at], exchanges)
			}
		}
		for _, at := range level {
			reach(g.exchanges[at], exchanges)
		}
		if len(next) == 0 && exchanges > 1 {
			break
		}
	}
}

// Clients are the names of the realm's clients, sorted.
func (g *Graph) Clients() []string {
	return g.names(func(n node) bool { return n.client != nil })
}

// Customs are the custom audiences that tokens can have, sorted.
func (g *Graph) Customs() []string {
	return g.names(func(n node) bool { return n.client == nil })
}

func (g *Graph) names(which func(node) bool) []string {
	var out []string
	for _, n := range g.nodes {
		if which(n) {
			out = append(out, n.name)
		}
	}
	slices.SortFunc(out, strings.Compare)
	return out
}

// Has tells whether there is a client or a custom audience of this name.
func (g *Graph) Has(name string) bool {
	_, ok := g.number[name]
	return ok
}

// Issues are the audiences that tokens can have which come to a client without an exchange, sorted.
func (g *Graph) Issues(client string) []string { return g.of(g.issues, client) }

// Exchanges are the audiences that a client can exchange to, sorted.
func (g *Graph) Exchanges(client string) []string { return g.of(g.exchanges, client) }

func (g *Graph) of(rows []set, client string) []string {
	at, ok := g.number[client]
	if !ok {
		return nil
	}
	var out []string
	for to := range rows[at].all() {
		out = append(out, g.nodes[to].name)
	}
	slices.Sort(out)
	return out
}
