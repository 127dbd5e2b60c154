package graph

import "slices"

// Common are the targets that every other client reaches to which tokens come without an exchange, sorted. Where there are
// not two such clients beside a target, it is not common.
func (g *Graph) Common() []string {
	entries, reached := 0, make([]int, len(g.nodes))
	for at, n := range g.nodes {
		if !n.entry {
			continue
		}
		entries++
		for to := range g.reach(at).all() {
			if to != at {
				reached[to]++
			}
		}
	}
	var out []string
	for at, n := range g.nodes {
		others := entries
		if n.entry {
			others--
		}
		if others > 1 && reached[at] == others {
			out = append(out, n.name)
		}
	}
	slices.Sort(out)
	return out
}
