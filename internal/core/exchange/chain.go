package exchange

import (
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// short asks that the exchanges behind what is issued are no more than the realm allows.
func short(s *state, t *explain.Trace) *oauth.Error {
	limit := s.Realm.Exchange.ChainLimit
	if limit < 0 {
		return nil
	}
	hops := strconv.Itoa(len(s.hops))
	if !ChainAllows(s.Realm, len(s.hops)) {
		t.Add(explain.ExchangeChain, explain.Denied, s.Client.ID, hops, strconv.Itoa(limit))
		return notPermitted("chain limit of " + strconv.Itoa(limit) + " reached")
	}
	t.Add(explain.ExchangeChain, explain.Allowed, s.Client.ID, hops, strconv.Itoa(limit))
	return nil
}

// straight refuses a requester that the token has been through already. Exchanging a token of one's own is no
// way back, nor one out of a cycle from when the realm did not refuse them.
func straight(s *state, t *explain.Trace) *oauth.Error {
	if !s.Realm.Exchange.RefuseCycles {
		return nil
	}
	way := s.hops
	for len(way) > 0 && Passed(way[len(way)-1:], s.Client) {
		way = way[:len(way)-1]
	}
	if Passed(way, s.Client) {
		t.Add(explain.ExchangeCycle, explain.Denied, s.Client.ID)
		return notPermitted(s.Client.ID + " is already in the chain")
	}
	return nil
}

// Passed tells whether a way of exchanges went through a client of the realm.
func Passed(path []token.Hop, c *realm.Client) bool {
	return slices.ContainsFunc(path, func(h token.Hop) bool { return h.Issuer == "" && h.Client == c.ID })
}

// path are the hops behind what is issued for a subject: those behind it, and itself. A token of another issuer counts
// as an exchange like those of the realm, and so does what its issuer says, where that is a realm of this server, of the
// exchanges behind it: no detour makes a chain shorter. What an identity
// assertion is made of leaves the realm by it.
func (q *Request) path() []token.Hop {
	subject := q.Subject.Token
	hop := token.Hop{Client: subject.Client, JTI: subject.ID}
	switch {
	case q.Foreign != nil:
		hop = subject.Leaves()
		hop.Issuer = subject.Issuer
	case MakesIdentity(q.Client, q.RequestedType):
		hop = subject.Leaves()
	}
	return append(slices.Clip(subject.Path), hop)
}
