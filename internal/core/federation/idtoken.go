package federation

import (
	"crypto/subtle"
	"fmt"
	"slices"
	"strings"
	"time"
)

// leeway is how far apart the clocks of two servers may be where nothing is configured.
const leeway = 10 * time.Second

// CheckIDToken judges the claims of an ID token that came for the request with this nonce (OpenID Connect
// Core §3.1.3.7): iss, aud, azp, exp, iat, nbf, sub, nonce. The signature is not looked at. An error wraps
// ErrClaims.
func (s *Settings) CheckIDToken(f Foreign, nonce string, now time.Time) error {
	switch {
	case !slices.Contains(f.Audience, s.ClientID):
		return claimsf("it is not for client %q", s.ClientID)
	case f.Client != "" && f.Client != s.ClientID:
		return claimsf("it was issued to client %q", f.Client)
	case len(f.Audience) > 1 && f.Client == "":
		return claimsf("it is for several parties and does not say to whom it was issued")
	case f.Subject == "":
		return claimsf("it is about nobody")
	case s.UsesNonce() && (nonce == "" || subtle.ConstantTimeCompare([]byte(nonce), []byte(f.Nonce)) != 1):
		return claimsf("it was not issued for this request")
	}
	return s.CheckToken(f, now)
}

// CheckToken judges what holds for every token of the provider: iss, and that it is good now. For whom it is
// must be judged by who takes it. An error wraps ErrClaims.
func (s *Settings) CheckToken(f Foreign, now time.Time) error {
	if len(s.Issuers) > 0 && !s.Issued(f) {
		return claimsf("its issuer is %q", f.Issuer)
	}
	skew := max(s.Skew, leeway)
	switch {
	case f.Expires == 0:
		return claimsf("it does not say when it expires")
	case !now.Before(time.Unix(f.Expires, 0).Add(skew)):
		return claimsf("it has expired")
	case time.Unix(f.NotBefore, 0).After(now.Add(skew)):
		return claimsf("it is not good yet")
	case time.Unix(f.IssuedAt, 0).After(now.Add(skew)):
		return claimsf("it was issued in the future")
	}
	return nil
}

// Issued tells whether the token's issuer is one of the provider's. Where an issuer names the place of a
// tenant, the token says which one it is of (claim tid).
func (s *Settings) Issued(f Foreign) bool {
	return slices.ContainsFunc(s.Issuers, func(issuer string) bool {
		if strings.Contains(issuer, tenantPlace) {
			tenant := text(f.Claims.Get("tid"))
			if !tenantID.MatchString(tenant) {
				return false
			}
			issuer = strings.ReplaceAll(issuer, tenantPlace, tenant)
		}
		return f.Issuer == issuer
	})
}

// MayBe tells whether an issuer's name is one of the provider's, or that of a tenant of one. Which tenant a token must be of
// is for Issued, and for conditions, to ask.
func (s *Settings) MayBe(issuer string) bool {
	return issuer != "" && slices.ContainsFunc(s.Issuers, func(known string) bool { return matchesIssuer(known, issuer) })
}

// matchesIssuer compares an issuer with one that is known, in which the place of a tenant stands for any tenant's
// id.
func matchesIssuer(known, issuer string) bool {
	before, after, many := strings.Cut(known, tenantPlace)
	if !many {
		return known == issuer
	}
	tenant, ok := strings.CutPrefix(issuer, before)
	if !ok {
		return false
	}
	tenant, ok = strings.CutSuffix(tenant, after)
	return ok && tenantID.MatchString(tenant)
}

func claimsf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrClaims, fmt.Sprintf(format, args...))
}
