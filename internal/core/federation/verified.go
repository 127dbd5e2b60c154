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
	f.nameActors(&claims)
	return token.Verified{Claims: claims, Alg: f.Algorithm}, nil
}

// nameActors says whose names those of the actors are: who acts is the issuer's to name (RFC 8693 §4.1).
func (f Foreign) nameActors(claims *token.Claims) {
	for _, actor := range []*token.Actor{claims.Actor, claims.MayAct} {
		for a := actor; a != nil; a = a.Actor {
			if a.Issuer == "" {
				a.Issuer = f.Issuer
			}
		}
	}
}

// Bonds are the claims that whatever comes of the token keeps: cnf, act and may_act. No others are in them, since what
// others mean is the issuer's business. An error wraps ErrClaims.
func (f Foreign) Bonds() (token.Claims, error) {
	claims, err := f.only("cnf", "act", "may_act")
	if err == nil {
		f.nameActors(&claims)
	}
	return claims, err
}

// only are the claims of these names, as tokens of a realm have them. An error wraps ErrClaims.
func (f Foreign) only(names ...string) (token.Claims, error) {
	var only token.Object
	for _, name := range names {
		if value := f.Claims.Get(name); value != nil {
			only.Set(value, name)
		}
	}
	if only == nil {
		return token.Claims{}, nil
	}
	claims, err := token.Parse(only.AppendJSON(nil))
	if err != nil {
		return token.Claims{}, fmt.Errorf("%w: %w", ErrClaims, err)
	}
	return claims, nil
}
