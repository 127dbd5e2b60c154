package graph

import (
	"slices"
	"strings"
)

// Cycle is clients each of which can exchange what it holds so that it comes to each other one.
type Cycle struct {
	Clients []string // sorted
	Example []string // a shortest way round from the first of them, which is at both ends
}

// Cycles are the largest such groups of clients, by the name of the first. Whether a token goes round is for the realm to
// say (tokenhouse.exchange.refuse-cycles).
func (g *Graph) Cycles() []Cycle {
	f := finder{Graph: g, index: make([]int, len(g.nodes)), low: make([]int, len(g.nodes))}
	for at, n := range g.nodes {
		if n.taker && f.index[at] == 0 {
			f.visit(at)
		}
	}
	var out []Cycle
	for _, members := range f.found {
		slices.SortFunc(members, g.byName)
		c := Cycle{Example: g.round(members)}
		for _, at := range members {
			c.Clients = append(c.Clients, g.nodes[at].name)
		}
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Cycle) int { return slices.Compare(a.Clients, b.Clients) })
	return out
}

// finder finds strongly connected components (Tarjan 1972).
type finder struct {
	*Graph
	index, low []int // from 1; 0: not visited
	count      int
	stack      []int
	on         set
	found      [][]int // of more than one node
}

func (f *finder) visit(at int) {
	f.count++
	f.index[at], f.low[at] = f.count, f.count
	f.stack = append(f.stack, at)
	f.on.add(at)
	for to := range f.exchanges[at].all() {
		switch {
		case !f.nodes[to].taker:
		case f.index[to] == 0:
			f.visit(to)
			f.low[at] = min(f.low[at], f.low[to])
		case f.on.has(to):
			f.low[at] = min(f.low[at], f.index[to])
		}
	}
	if f.low[at] != f.index[at] {
		return
	}
	first := slices.Index(f.stack, at)
	for _, member := range f.stack[first:] {
		f.on[member/64] &^= 1 << (member % 64)
	}
	if len(f.stack)-first > 1 {
		f.found = append(f.found, slices.Clone(f.stack[first:]))
	}
	f.stack = f.stack[:first]
}

// round is a shortest way round from the first of the members of a component.
func (g *Graph) round(members []int) []string {
	var inside set
	for _, at := range members {
		inside.add(at)
	}
	start := members[0]
	from := map[int]int{}
	for level := []int{start}; len(level) > 0; {
		var next []int
		for _, at := range level {
			for to := range g.exchanges[at].all() {
				if _, seen := from[to]; seen || !inside.has(to) {
					continue
				}
				from[to] = at
				next = append(next, to)
			}
		}
		level = next
	}
	out := []string{g.nodes[start].name}
	for at := from[start]; at != start; at = from[at] {
		out = append(out, g.nodes[at].name)
	}
	out = append(out, g.nodes[start].name)
	slices.Reverse(out)
	return out
}

func (g *Graph) byName(a, b int) int { return strings.Compare(g.nodes[a].name, g.nodes[b].name) }
