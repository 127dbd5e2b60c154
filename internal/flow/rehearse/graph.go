package rehearse

import (
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/graph"
)

// GraphQuestion says what of a realm's exchange graph is asked for: all of it where nothing is named, the paths between
// clients, or what the theft of one would open. From and To are names of clients; To may be a custom audience.
type GraphQuestion struct{ From, To, Client string }

// GraphAnswer is what is told of a graph. Of All, Paths and Opens one is there.
type GraphAnswer struct {
	Realm        string        `json:"realm"`
	ChainLimit   int           `json:"chainLimit"` // most exchanges in a row; -1: no limit
	RefuseCycles bool          `json:"refuseCycles"`
	All          *GraphAll     `json:"graph,omitempty"`
	Paths        *GraphPaths   `json:"reach,omitempty"`
	Opens        *GraphOpening `json:"opens,omitempty"`
}

// GraphAll is a whole graph.
type GraphAll struct {
	Clients []GraphClient `json:"clients"`
	Customs []string      `json:"customAudiences"`
	Cycles  []GraphCycle  `json:"cycles"`
	Common  []string      `json:"everybodyReaches"`
}

// GraphClient is a client and its edges.
type GraphClient struct {
	Client    string   `json:"client"`
	Entry     bool     `json:"entry"` // tokens come to it without an exchange
	Tokens    []string `json:"tokensName"`
	Exchanges []string `json:"exchangesTo"`
}

// GraphCycle is a group of clients in which tokens can go round.
type GraphCycle struct {
	Clients []string `json:"clients"`
	Example []string `json:"example"`
}

// GraphPaths are paths, those with the fewest exchanges first where both ends were named. Where one was, there is one path for
// each client at the other end.
type GraphPaths struct {
	From  string      `json:"from,omitempty"`
	To    string      `json:"to,omitempty"`
	Paths []GraphPath `json:"paths"`
	More  bool        `json:"more"` // there are others
}

// GraphPath is a path with its reasons.
type GraphPath struct {
	From   string     `json:"from"`
	To     string     `json:"to"`
	Before int        `json:"exchangesBefore,omitempty"` // behind the token that it begins with
	Hops   []GraphHop `json:"hops"`
}

// GraphHop is one hop of a path. Any one of its ways is enough.
type GraphHop struct {
	From     string     `json:"from"`
	To       string     `json:"to"`
	Exchange bool       `json:"exchange"`
	Ways     []GraphWay `json:"ways"`
}

// GraphWay is what of the configuration makes a hop possible.
type GraphWay struct {
	Rule    explain.Rule `json:"rule"`
	Because string       `json:"because"`
	Scope   []string     `json:"scope"`      // optional scopes to be asked for
	Roles   []string     `json:"oneOfRoles"` // of which the user must have one
}

// GraphTarget is what tokens can be had for.
type GraphTarget struct {
	Target string     `json:"target"`
	Ways   []GraphWay `json:"ways"`
}

// GraphOpening is what the theft of a client would open.
type GraphOpening struct {
	Client    string        `json:"client"`
	Entry     bool          `json:"entry"`
	From      []string      `json:"tokensFrom"`
	Tokens    []GraphTarget `json:"tokensName"`
	Exchanges []GraphTarget `json:"exchangesTo"`
	Beyond    []GraphPath   `json:"beyond"`
}

// mostPaths is how many paths between two clients are told.
const mostPaths = 50

// OfGraph answers a question about a graph. A *fault.NotFound or *fault.Invalid says what is wrong with it.
func OfGraph(g *graph.Graph, q GraphQuestion) (GraphAnswer, error) {
	policy := g.Realm.Exchange
	a := GraphAnswer{Realm: g.Realm.Name, ChainLimit: policy.ChainLimit, RefuseCycles: policy.RefuseCycles}
	if q.Client != "" && (q.From != "" || q.To != "") {
		return a, &fault.Invalid{Field: "client", Message: "client excludes from and to"}
	}
	for _, name := range []string{q.From, q.Client} {
		if name != "" && g.Realm.Client(name) == nil {
			return a, &fault.NotFound{Message: fmt.Sprintf("realm %q has no client %q", g.Realm.Name, name)}
		}
	}
	if q.To != "" && !g.Has(q.To) {
		return a, &fault.NotFound{Message: fmt.Sprintf("realm %q has no client and no custom audience %q", g.Realm.Name, q.To)}
	}
	switch {
	case q.Client != "":
		a.Opens = opening(g, q.Client)
	case q.From != "" && q.To != "":
		paths, more := g.Paths(q.From, q.To, mostPaths)
		a.Paths = &GraphPaths{q.From, q.To, pathsOf(g, paths), more}
	case q.From != "":
		a.Paths = &GraphPaths{From: q.From, Paths: pathsOf(g, g.Reaches(q.From))}
	case q.To != "":
		a.Paths = &GraphPaths{To: q.To, Paths: pathsOf(g, g.WhoReaches(q.To))}
	default:
		a.All = whole(g)
	}
	return a, nil
}

func whole(g *graph.Graph) *GraphAll {
	all := &GraphAll{Clients: []GraphClient{}, Customs: list(g.Customs()), Cycles: []GraphCycle{}, Common: list(g.Common())}
	for _, id := range g.Clients() {
		all.Clients = append(all.Clients, GraphClient{id, g.Realm.Client(id).Entry(), list(g.Issues(id)), list(g.Exchanges(id))})
	}
	for _, c := range g.Cycles() {
		all.Cycles = append(all.Cycles, GraphCycle(c))
	}
	return all
}

func pathsOf(g *graph.Graph, paths []graph.Path) []GraphPath {
	known := map[graph.Hop][]GraphWay{} // paths share hops
	out := []GraphPath{}
	for _, p := range paths {
		told := GraphPath{From: p.From(), To: p.To(), Before: p.Before}
		for _, h := range p.Hops {
			ways, ok := known[h]
			if !ok {
				ways = waysOf(g.Reasons(h))
				known[h] = ways
			}
			told.Hops = append(told.Hops, GraphHop{h.From, h.To, h.Exchange, ways})
		}
		out = append(out, told)
	}
	return out
}

func waysOf(reasons []graph.Reason) []GraphWay {
	out := []GraphWay{}
	for _, r := range reasons {
		out = append(out, GraphWay{r.Rule, r.Because(), list(r.Scope), list(r.Roles)})
	}
	return out
}

func opening(g *graph.Graph, client string) *GraphOpening {
	o, _ := g.Opens(client)
	return &GraphOpening{client, o.Entry, list(o.From), targetsOf(o.Tokens), targetsOf(o.Exchanges), pathsOf(g, o.Beyond)}
}

func targetsOf(targets []graph.Target) []GraphTarget {
	out := []GraphTarget{}
	for _, t := range targets {
		out = append(out, GraphTarget{t.Name, waysOf(t.Reasons)})
	}
	return out
}
