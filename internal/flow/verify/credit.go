package verify

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Credit is what an assertion is worth that an identity provider is said to have signed (RFC 7523 §2.1).
type Credit struct {
	Flaw  federation.Flaw // why it is not believed; empty: it is
	Cause error           // of the flaw, for the log
	Path  []token.Hop     // behind what comes of it; nil where nothing is known of that
}

// identityRules are those of access tokens, as far as they are about an assertion that has neither session nor client here:
// what it was made of is asked about instead, as it stands in the way of exchanges.
var identityRules = []rule{
	{"kind", isIdentity}, {"issuer", issuer}, {"active", active}, {"notbefore", notBefore},
	{"revoked", revoked}, {"lineage", lineage}, {"actors", actors},
}

// isIdentity wants an identity assertion that says what it was made of: without, nobody knows whether that still stands.
func isIdentity(_ context.Context, q *question) error {
	if path := q.Token.Path; q.Token.Type != "" || len(path) == 0 || !path[len(path)-1].Left() {
		return refuse(WrongType)
	}
	return nil
}

// Assertion checks a JWT of the realm that is handed in as an assertion in another realm, and all that stands behind it: an
// access or an ID token as when it is exchanged there, an identity assertion by the ID token that it was made of. No other
// JWT of the realm is one. Whom it is for, and whether it came before, is the other realm's to ask.
func (v *Verifier) Assertion(ctx context.Context, at At, compact string) (Held, error) {
	if jws, err := token.Open(compact); err == nil && jws.Header.Typ == oauth.HeaderIdentity {
		return v.check(ctx, at, compact, nil, identityRules)
	}
	return v.PersonToken(ctx, at, compact)
}
