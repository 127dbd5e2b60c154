package federation

import (
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Verified is the token as the rules of an exchange read it: what binds it to a key, who acts by it, its scope. The way of
// exchanges that it says is behind it is left out: only of issuers that are believed to tell it is it taken. An error
// wraps ErrClaims.
func (f Foreign) Verified() (token.Verified, error) {
	claims, err := token.Parse(f.Claims.AppendJSON(nil))
	if err != nil {
		return token.Verified{}, fmt.Errorf("%w: %w", ErrClaims, err)
	}
	claims.Path = nil
	for _, actor := range []*token.Actor{claims.Actor, claims.MayAct} {
		for a := actor; a != nil; a = a.Actor {
			if a.Issuer == "" { // who acts is the issuer's to name (RFC 8693 §4.1)
				a.Issuer = f.Issuer
			}
		}
	}
	return token.Verified{Claims: claims, Alg: f.Algorithm}, nil
}
