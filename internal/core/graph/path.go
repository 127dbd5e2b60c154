package graph

import (
	"iter"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
)

// Hop is one edge of a path.
type Hop struct {
	From, To string
	Exchange bool // From exchanges to To; otherwise tokens that come to From without an exchange can name To
}

// Path is how tokens that a client holds lead to a target: at most one hop without an exchange, at the beginning. No client
// is in it twice, since a detour leads nowhere else.
type Path struct {
	Hops []Hop

	// Before is how many exchanges are behind the token that the path begins with: none where tokens come to its client
	// without one. Who these went through is not looked at: under a refusal of cycles the path may be refused
	// for it.
	Before int
}

// From is where the path begins, and To where it ends.
func (p Path) From() string { return p.Hops[0].From }
func (p Path) To() string   { return p.Hops[len(p.Hops)-1].To }

// Exchanges is how many exchanges the path takes.
func (p Path) Exchanges() int {
	n := 0
	for _, h := range p.Hops {
		if h.Exchange {
			n++
		}
	}
	return n
}

// starts tells whether a client holds tokens, and how many exchanges are behind them at least.
func (g *Graph) starts(at int) (before int, ok bool) {
	if g.nodes[at].entry {
		return 0, true
	}
	return max(g.behind[at], 0), g.behind[at] >= 0
}

// tree is the shortest ways from all nodes to one, counted in exchanges.
type tree struct {
	to      int
	without set   // nodes that no way goes through
	left    []int // how many exchanges it takes a node that may exchange what it holds; -1: it does not get there
	next    []int // to which node first
}

// towards finds the shortest ways to a node that do not go through some others.
func (g *Graph) towards(to int, without set) tree {
	t := tree{to: to, without: without, left: slices.Repeat([]int{-1}, len(g.nodes)), next: make([]int, len(g.nodes))}
	seen := slices.Clone(without)
	seen.add(to)
	level := []int{to}
	for exchanges := 1; len(level) > 0 && exchange.ChainAllows(g.Realm, exchanges); exchanges++ {
		var next []int
		for _, at := range level {
			if at != to && !g.nodes[at].taker {
				continue // what is issued to others is not for it to exchange
			}
			for from := range g.requested[at].without(seen) {
				seen.add(from)
				t.left[from], t.next[from] = exchanges, at
				next = append(next, from)
			}
		}
		level = next
	}
	return t
}

// shortest is a shortest path from a client; ok is false where there is none.
func (g *Graph) shortest(from int, t tree) (p Path, ok bool) {
	before, ok := g.starts(from)
	if !ok || from == t.to || t.without.has(from) {
		return p, false
	}
	p.Before = before
	if !g.nodes[from].entry {
		return g.along(p, from, t)
	}
	if g.issues[from].has(t.to) {
		return Path{Hops: []Hop{g.hop(from, t.to, false)}}, true
	}
	best := -1
	for at := range g.issues[from].without(t.without) {
		if g.nodes[at].taker && t.left[at] > 0 && (best < 0 || t.left[at] < t.left[best]) {
			best = at
		}
	}
	if best >= 0 && (t.left[from] < 0 || t.left[best] < t.left[from]) {
		p.Hops = append(p.Hops, g.hop(from, best, false))
		return g.along(p, best, t)
	}
	return g.along(p, from, t)
}

// along adds the exchanges that lead on from a node.
func (g *Graph) along(p Path, at int, t tree) (Path, bool) {
	if t.left[at] < 0 || !exchange.ChainAllows(g.Realm, p.Before+t.left[at]) {
		return Path{}, false
	}
	for at != t.to {
		p.Hops = append(p.Hops, g.hop(at, t.next[at], true))
		at = t.next[at]
	}
	return p, true
}

func (g *Graph) hop(from, to int, byExchange bool) Hop {
	return Hop{From: g.nodes[from].name, To: g.nodes[to].name, Exchange: byExchange}
}

// WhoReaches are the shortest paths to a client or custom audience, one from each client from which there is one.
func (g *Graph) WhoReaches(target string) []Path {
	to, ok := g.number[target]
	if !ok {
		return nil
	}
	return slices.Collect(g.into(to, nil))
}

// into are the shortest paths to a node that do not go through some others.
func (g *Graph) into(to int, without set) iter.Seq[Path] {
	return func(yield func(Path) bool) {
		t := g.towards(to, without)
		for from := range g.nodes {
			if p, ok := g.shortest(from, t); ok && !yield(p) {
				return
			}
		}
	}
}

// Reaches are the shortest paths from a client, one to each target that there is one to.
func (g *Graph) Reaches(client string) []Path {
	from, ok := g.number[client]
	if !ok {
		return nil
	}
	var out []Path
	for to := range g.reach(from).all() {
		if p, ok := g.shortest(from, g.towards(to, nil)); ok {
			out = append(out, p)
		}
	}
	return out
}

// reach is all that there is a path to from a node.
func (g *Graph) reach(from int) set {
	var seen set
	before, ok := g.starts(from)
	if !ok {
		return nil
	}
	level := []int{from}
	if g.nodes[from].entry {
		for at := range g.issues[from].all() {
			seen.add(at)
			if g.nodes[at].taker {
				level = append(level, at)
			}
		}
	}
	for exchanges := before + 1; len(level) > 0 && exchange.ChainAllows(g.Realm, exchanges); exchanges++ {
		var next []int
		for _, at := range level {
			for to := range g.exchanges[at].without(seen) {
				seen.add(to)
				if g.nodes[to].taker {
					next = append(next, to)
				}
			}
		}
		level = next
	}
	return seen
}
