package graph

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
)

// mostSteps is how many hops Paths tries before it gives up: in a realm where everybody reaches everybody there are more
// paths than can be listed.
const mostSteps = 200_000

// Paths are the paths from a client to a target, those with the fewest exchanges first, at most so many. more is true
// where there are others. If there is any path, at least one is listed.
func (g *Graph) Paths(from, to string, most int) (paths []Path, more bool) {
	start, ok := g.number[from]
	end, there := g.number[to]
	if !ok || !there || start == end {
		return nil, false
	}
	t := g.towards(end, nil)
	first, ok := g.shortest(start, t)
	if !ok {
		return nil, false
	}
	l := &lister{Graph: g, tree: t, most: most, steps: mostSteps, before: first.Before}
	for length := first.Exchanges(); length < len(g.nodes) && exchange.ChainAllows(g.Realm, l.before+length); length++ {
		l.grown = false
		if !l.begin(start, length) {
			return l.found, true
		}
		if !l.grown {
			break
		}
	}
	return l.found, false
}

// lister finds all paths of one length after the other.
type lister struct {
	*Graph
	tree
	before      int
	most, steps int // how many paths and hops are left

	hops  []Hop
	on    set // the nodes of hops
	found []Path
	grown bool // some path goes further than the length
}

// begin finds the paths from a node that take so many exchanges. It is false where it gave up.
func (l *lister) begin(start, exchanges int) bool {
	l.hops, l.on = nil, nil
	l.on.add(start)
	if l.nodes[start].entry {
		for at := range l.issues[start].all() {
			if !l.step(start, at, exchanges, false) {
				return false
			}
		}
	}
	return l.onwards(start, exchanges)
}

// onwards goes on from a node by exchanges.
func (l *lister) onwards(at, exchanges int) bool {
	if exchanges == 0 {
		l.grown = true
		return true
	}
	for to := range l.exchanges[at].all() {
		if !l.step(at, to, exchanges-1, true) {
			return false
		}
	}
	return true
}

// step takes a hop and goes on, with so many exchanges left after it.
func (l *lister) step(from, at, exchanges int, byExchange bool) bool {
	if at == l.to {
		if exchanges > 0 {
			return true // it is a shorter path
		}
		if l.most--; l.most < 0 {
			return false
		}
		l.found = append(l.found, Path{Hops: append(slices.Clone(l.hops), l.hop(from, at, byExchange)), Before: l.before})
		return true
	}
	if l.on.has(at) || !l.nodes[at].taker || l.left[at] < 0 {
		return true
	}
	if l.left[at] > exchanges {
		l.grown = true
		return true
	}
	if l.steps--; l.steps < 0 {
		return false
	}
	l.hops = append(l.hops, l.hop(from, at, byExchange))
	l.on.add(at)
	ok := l.onwards(at, exchanges)
	l.on[at/64] &^= 1 << (at % 64)
	l.hops = l.hops[:len(l.hops)-1]
	return ok
}
