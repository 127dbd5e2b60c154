package graph

import (
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
)

// Reason is one of the ways by which configuration makes a hop possible.
type Reason struct {
	explain.Step // of the decision that would be made

	// Scope are the optional scopes that the client of the hop has to ask for; none where its default ones are enough.
	Scope []string
	Roles []string // of which the user must have one; none where it matters not who that is

	way *audience.Way // nil: the client lists the target
}

// Reasons are the ways by which configuration makes a hop possible: any one is enough.
func (g *Graph) Reasons(h Hop) []Reason {
	return g.reasons(g.extent(h.From), h)
}

// extent is where the tokens of a client can be used at most; nil for what is no client.
func (g *Graph) extent(client string) *audience.Extent {
	if c := g.Realm.Client(client); c != nil {
		return g.survey.Of(c)
	}
	return nil
}

func (g *Graph) reasons(e *audience.Extent, h Hop) []Reason {
	if e == nil {
		return nil
	}
	var out []Reason
	for _, w := range e.Ways(h.To) {
		r := Reason{Scope: w.Scope, way: &w}
		for _, role := range w.Roles {
			r.Roles = append(r.Roles, role.String())
		}
		r.Step = explain.Step{Rule: w.Rule, Outcome: explain.Added, Subject: h.To, Args: [2]string{w.Name, w.From()}}
		if w.Rule == explain.AudienceRole {
			r.Args = [2]string{oneOf(w)}
		}
		out = append(out, r)
	}
	if h.Exchange && exchange.ByList(g.Realm.Client(h.From), h.To) {
		out = append(out, Reason{Step: explain.Step{Rule: explain.AudiencePermitted, Outcome: explain.Added, Subject: h.To, Args: [2]string{h.From}}})
	}
	return out
}

// oneOf names the roles of a way, any of which is enough.
func oneOf(w audience.Way) string {
	var names []string
	for _, role := range w.Roles {
		names = append(names, role.Name)
	}
	if len(names) == 0 {
		return "(given by a mapper)"
	}
	return strings.Join(names, " or ")
}
