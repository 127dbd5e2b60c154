package graph

import (
	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
)

// Opening is what whoever takes a client over would have: its credentials, and the tokens that come to it.
type Opening struct {
	Client string

	// Entry tells whether tokens come to the client without an exchange, of people who sign in or of itself.
	Entry bool

	// From are the clients whose tokens can name it: such tokens come to it, and it can present them wherever else they name.
	From []string

	// Tokens are the targets that tokens which come to it without an exchange can name, and Exchanges those for which it
	// can exchange what it has: for both, whoever took it over has tokens.
	Tokens, Exchanges []Target

	// Beyond are the shortest paths to what is open only as far as a client on the way exchanges what it is sent.
	Beyond []Path
}

// Target is what tokens can be had for, and why.
type Target struct {
	Name    string
	Reasons []Reason
}

// Opens tells what the theft of a client would open; ok is false where there is no such client.
func (g *Graph) Opens(client string) (o Opening, ok bool) {
	at, ok := g.number[client]
	if !ok || g.nodes[at].client == nil {
		return o, false
	}
	o = Opening{Client: client, Entry: g.nodes[at].entry}
	for from := range g.nodes {
		if g.nodes[from].entry && g.issues[from].has(at) || g.exchanges[from].has(at) && g.holds(from) {
			o.From = append(o.From, g.nodes[from].name)
		}
	}
	e := g.extent(client)
	var direct set
	if o.Entry {
		for to := range g.issues[at].all() {
			direct.add(to)
			o.Tokens = append(o.Tokens, g.target(e, Hop{From: client, To: g.nodes[to].name}))
		}
	}
	if g.holds(at) {
		for to := range g.exchanges[at].all() {
			direct.add(to)
			o.Exchanges = append(o.Exchanges, g.target(e, Hop{From: client, To: g.nodes[to].name, Exchange: true}))
		}
	}
	direct.add(at)
	for to := range g.reach(at).without(direct) {
		if p, ok := g.shortest(at, g.towards(to, nil)); ok {
			o.Beyond = append(o.Beyond, p)
		}
	}
	return o, true
}

// holds tells whether a client has tokens that it may exchange, within the chain limit.
func (g *Graph) holds(at int) bool {
	before, ok := g.starts(at)
	return ok && exchange.ChainAllows(g.Realm, before+1)
}

func (g *Graph) target(e *audience.Extent, h Hop) Target {
	return Target{Name: h.To, Reasons: g.reasons(e, h)}
}
