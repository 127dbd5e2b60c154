package inspect

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// filter is what a token was narrowed to when it was exchanged, as far as it tells: the only
// audiences that mappers may put into the answer, so that introspection never lists an audience or role that
// the token lacks. Nil is no filter.
//
// A refresh token and a lightweight one carry their filter. Another access token of an exchange was narrowed if
// all clients of which it has roles are among its audiences, as the filter leaves them; of one that was not, the
// filter would take nothing that it has.
func filter(h *verify.Held) (audiences, permitted []string) {
	t := &h.Token
	audiences = t.RequestedAudience
	if exchanged(h) && !t.Refreshes() && !t.Origin.Lightweight && !carriesMore(t) {
		audiences = t.Audience
	}
	if len(audiences) > 0 && h.Client.Exchange.Permitted != nil {
		permitted = *h.Client.Exchange.Permitted
	}
	return audiences, permitted
}

// exchanged tells whether the token came by an exchange, or by refreshing what did.
func exchanged(h *verify.Held) bool {
	return h.Token.Origin.Grant == token.ByExchange || len(h.Token.Path) > 0
}

// carriesMore tells whether the token has roles of a client that is not in its audience.
func carriesMore(t *token.Verified) bool {
	access, _ := t.Other.Get("resource_access").(token.Object)
	return slices.ContainsFunc(access, func(m token.Member) bool { return !slices.Contains(t.Audience, m.Name) })
}
