package exchange

import (
	"slices"
	"strconv"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// short asks that the exchanges behind the token, this one among them, are no more than the realm allows.
func short(s *state, t *explain.Trace) *oauth.Error {
	limit := s.Realm.Exchange.ChainLimit
	if limit < 0 {
		return nil
	}
	hops := strconv.Itoa(len(s.Subject.Token.Path) + 1)
	if !ChainAllows(s.Realm, len(s.Subject.Token.Path)+1) {
		t.Add(explain.ExchangeChain, explain.Denied, s.Client.ID, hops, strconv.Itoa(limit))
		return notPermitted("chain limit of " + strconv.Itoa(limit) + " reached")
	}
	t.Add(explain.ExchangeChain, explain.Allowed, s.Client.ID, hops, strconv.Itoa(limit))
	return nil
}

// straight refuses a requester that the token has been through already. Exchanging a token of one's own is no
// way back.
func straight(s *state, t *explain.Trace) *oauth.Error {
	if !s.Realm.Exchange.RefuseCycles || s.Foreign == nil && s.Subject.Token.Client == s.Client.ID {
		return nil
	}
	if slices.ContainsFunc(s.Subject.Token.Path, func(h token.Hop) bool { return h.Issuer == "" && h.Client == s.Client.ID }) {
		t.Add(explain.ExchangeCycle, explain.Denied, s.Client.ID)
		return notPermitted(s.Client.ID + " is already in the chain")
	}
	return nil
}

// path are the hops behind what is issued for a subject: those behind it, and itself. A token of another issuer counts
// as an exchange like those of the realm, and so does what its issuer says, where that is a realm of this server, of the
// exchanges behind it: no detour makes a chain shorter.
func (q *Request) path() []token.Hop {
	subject := q.Subject.Token
	hop := token.Hop{Client: subject.Client, JTI: subject.ID}
	if q.Foreign != nil {
		hop.Issuer = subject.Issuer
		switch subject.Origin.Session {
		case "": // of an issuer whose sessions are not known here
		case token.Transient:
			hop.Subject = subject.Subject
		default:
			hop.Session = subject.Session
		}
	}
	return append(slices.Clip(subject.Path), hop)
}
