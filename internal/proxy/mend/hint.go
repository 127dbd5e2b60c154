package mend

import (
	"errors"
	"fmt"
	"time"

	"github.com/tokenhouse/tokenhouse/bearer"
)

// Hints are what may be wrong where nothing that the gatekeeper sees tells for sure. They hold nothing that callers may not know.

// NoWay is of a browser that comes back from the issuer without the cookie that it left with.
func NoWay(site string) []string {
	return []string{"the application was opened at another address than " + site + ", to which cookies of a sign-in come back alone, or without the TLS that they need"}
}

// NoSession is of browsers that signed in and have no session.
func NoSession() []string {
	return []string{
		"browsers, or what is between them and here, do not carry cookies as large as the session's: fewer roles and claims in access tokens make it smaller",
		"gatekeepers of this site have different encryption keys, or other gatekeepers of this host have the same cookie-access-name",
		"access tokens end at once: let the issuer's live longer, or set enable-refresh-tokens",
	}
}

// TooLarge is of tokens that no cookies hold.
func TooLarge() []string {
	return []string{"fewer roles and claims in access tokens make them smaller; without enable-logout-redirect the ID token is not kept"}
}

// Disowned is of an issuer that refuses to exchange a token that it gave to somebody who has just signed in.
func (a *Advisor) Disowned() []string {
	return []string{
		"the issuer calls itself " + a.Issuer + " to people, and something else where it is asked from here, and so takes its own token for another's",
		"it does not keep the sessions of those who sign in, or its servers do not share them, or their clocks differ",
	}
}

// Unusable is of an issuer whose tokens are refused as soon as it gave them.
func (a *Advisor) Unusable(e *bearer.Error, now time.Time) []string {
	switch {
	case errors.Is(e, bearer.ErrExpired), errors.Is(e, bearer.ErrNotYet):
		if e.Claims == nil {
			break
		}
		const at = time.RFC3339
		return []string{fmt.Sprintf("the clocks of the issuer and of this gatekeeper differ: the token was made at %s and is good until %s, and here it is %s",
			e.Claims.IssuedAt.UTC().Format(at), e.Claims.Expires.UTC().Format(at), now.UTC().Format(at))}
	case errors.Is(e, bearer.ErrIssuer):
		return []string{"the issuer calls itself something else in tokens than " + a.Issuer + ": say what in the option issuer"}
	case errors.Is(e, bearer.ErrType):
		return []string{"where the issuer marks no access tokens as such, set accept-untyped-tokens"}
	case errors.Is(e, bearer.ErrMalformed):
		return []string{"the issuer gives access tokens that only it can read; let it give JSON Web Tokens to " + a.ClientID}
	case errors.Is(e, bearer.ErrBound):
		return []string{"the issuer binds tokens of " + a.ClientID + " to a key or a certificate: a gatekeeper that keeps sessions for browsers needs tokens that are not bound"}
	}
	return nil
}
