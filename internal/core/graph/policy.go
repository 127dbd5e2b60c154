package graph

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
)

// All stands for every client or target in a Ban.
const All = "*"

// Ban forbids paths.
type Ban struct {
	From, To []string // names, or All

	// Except are who a path may begin at, go through or end at: one that any of them is on is not forbidden.
	Except []string
}

// Violation is a path that a ban forbids.
type Violation struct {
	Ban  int // its place in the list, from 0
	Path Path
	Fix  explain.Fix // takes the last hop of the path away
}

// Check finds the paths that bans forbid: of each two clients between which there are any, a shortest one.
func (g *Graph) Check(bans []Ban) []Violation {
	var out []Violation
	for i, ban := range bans {
		var without set
		for _, name := range ban.Except {
			if at, ok := g.number[name]; ok {
				without.add(at)
			}
		}
		for to, target := range g.nodes {
			if !names(ban.To, target.name) || without.has(to) {
				continue
			}
			for p := range g.into(to, without) {
				if names(ban.From, p.From()) {
					out = append(out, Violation{i, p, g.fix(p.Hops[len(p.Hops)-1])})
				}
			}
		}
	}
	return out
}

func names(list []string, name string) bool {
	return slices.Contains(list, All) || slices.Contains(list, name)
}

// fix is a change that takes a hop away. Other paths with the same last hop go with it.
func (g *Graph) fix(h Hop) explain.Fix {
	from, to := g.Realm.Client(h.From), g.Realm.Client(h.To)
	if !h.Exchange {
		return g.unname(h)
	}
	if to == nil {
		return exchange.Unlist(g.Realm, from, h.To, g.Exchanges(h.From))
	}
	var requesters []string
	for at := range g.requested[g.number[h.To]].all() {
		requesters = append(requesters, g.nodes[at].name)
	}
	return exchange.Unaccept(g.Realm, to, h.From, requesters)
}

// unname keeps a target out of the tokens of a client. Where roles lead there, or what users are like, nobody but who
// knows what these are for can say which to take away.
func (g *Graph) unname(h Hop) explain.Fix {
	fix := explain.Fix{Sentence: "keep " + h.To + " out of the tokens of " + h.From + ":"}
	var commands []string
	byMapper := true
	for i, r := range g.Reasons(h) {
		if i > 0 {
			fix.Sentence += ","
		}
		fix.Sentence += " " + r.Because()
		command, ok := audience.Without(g.Realm, g.Realm.Client(h.From), *r.way)
		byMapper = byMapper && ok
		commands = append(commands, command)
	}
	if byMapper {
		fix.Command = explain.All(commands...)
	}
	return fix
}
