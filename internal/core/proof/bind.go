package proof

import (
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// kindDPoP is how Keycloak says of a confirmation that it is of DPoP.
const kindDPoP = "DPoP"

// Bind is what binds the tokens that a client is given who proved that much; nil where nothing does. A key binds them
// always (RFC 9449 §5), a certificate where the client wants it (RFC 8705 §3), or where a token that they come of is bound
// to one: sources are those tokens' own bonds, nil of a token without. That who asks met these bonds is for Match to ask.
func Bind(p Proved, wants realm.ClientTokens, sources ...*token.Confirmation) *token.Confirmation {
	var c token.Confirmation
	if p.Key != "" {
		c.JKT, c.JKTType = p.Key, kindDPoP
	}
	certified := wants.BindTLS
	for _, source := range sources {
		certified = certified || source != nil && source.Certificate != ""
	}
	if certified {
		c.Certificate = p.Certificate
	}
	if c == (token.Confirmation{}) {
		return nil
	}
	return &c
}
