package rehearse

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/graph"
)

// GraphPolicy says which paths are forbidden.
type GraphPolicy struct {
	Forbid []GraphBan `json:"forbid"`
}

// GraphBan is a graph.Ban as it is sent.
type GraphBan struct {
	From   []string `json:"from"`
	To     []string `json:"to"`
	Except []string `json:"except,omitempty"`
}

// GraphVerdict is what is told of a policy: the paths that it forbids and that there are, or the names in it that the
// realm does not have. Where it has such a name nothing was looked for.
type GraphVerdict struct {
	Violations []GraphViolation `json:"violations"`
	Unknown    []GraphUnknown   `json:"unknown"`
}

// GraphViolation is a forbidden path, and a change that takes it away.
type GraphViolation struct {
	Ban  int         `json:"ban"` // its place in the policy, from 0
	Path GraphPath   `json:"path"`
	Fix  explain.Fix `json:"fix"`
}

// GraphUnknown is a name of a ban that is no client and no custom audience.
type GraphUnknown struct {
	Ban  int    `json:"ban"`
	Name string `json:"name"`
}

// OfPolicy finds the paths of a graph that a policy forbids. A custom audience that no token can have is not known to the
// graph, so it may be named only where something leads to it.
func OfPolicy(g *graph.Graph, p GraphPolicy) GraphVerdict {
	v := GraphVerdict{Violations: []GraphViolation{}, Unknown: []GraphUnknown{}}
	bans := make([]graph.Ban, len(p.Forbid))
	for i, b := range p.Forbid {
		bans[i] = graph.Ban(b)
		for _, name := range slices.Concat(b.From, b.To, b.Except) {
			if name != graph.All && !g.Has(name) {
				v.Unknown = append(v.Unknown, GraphUnknown{i, name})
			}
		}
	}
	if len(v.Unknown) > 0 {
		return v
	}
	for _, found := range g.Check(bans) {
		path := GraphPath{From: found.Path.From(), To: found.Path.To(), Before: found.Path.Before}
		for _, h := range found.Path.Hops {
			path.Hops = append(path.Hops, GraphHop{From: h.From, To: h.To, Exchange: h.Exchange, Ways: []GraphWay{}})
		}
		v.Violations = append(v.Violations, GraphViolation{found.Ban, path, found.Fix})
	}
	return v
}
