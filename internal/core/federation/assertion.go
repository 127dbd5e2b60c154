package federation

import (
	"slices"
	"strconv"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

// Terms are those on which a JWT of a provider is taken from somebody who hands it in (RFC 7523 §3). Signature and
// issuer are not theirs to judge.
type Terms struct {
	Age    time.Duration // how long it may be used after it was issued
	Skew   time.Duration // by how much the issuer's clock may be fast; its exp is not stretched by it
	Reuse  bool          // it may be used more than once, and needs no jti
	Issued bool          // it must say when it was issued
	Alg    string        // the only JWS algorithm; empty: any that signs with a private key
}

// Flaw is what is wrong with an assertion, as Keycloak says it. It names nothing that the assertion does not say
// itself, so that its bearer may be told.
type Flaw string

func (f Flaw) Error() string { return string(f) }

// The flaws of assertions.
const (
	NoExpiry     Flaw = "Token exp claim is required"
	NoIssueTime  Flaw = "Token iat claim is required"
	Inactive     Flaw = "Token is not active"
	FarExpiry    Flaw = "Token expiration is too far in the future and iat claim not present in token"
	IssuedLater  Flaw = "Token was issued in the future"
	IssuedBefore Flaw = "Token was issued too far in the past to be used now"
	NoID         Flaw = "Token jti claim is required"
	Reused       Flaw = "Token reuse detected"
	OtherAlg     Flaw = "Invalid signature algorithm"
	BadSignature Flaw = "Invalid signature"
	NoKeys       Flaw = "Error validating JWT with identity provider"
	Audience     Flaw = "Invalid token audience"
	Audiences    Flaw = "Multiple audiences not allowed"
	ActorHere    Flaw = "Somebody of this server is said to act by the assertion"
	Withdrawn    Flaw = "The assertion, or what it was made of, is not good any more"
)

// Timely judges the times of an assertion. Until is the first moment at which it is too old to be used; empty is what is wrong with a
// timely one. An assertion that expires late is taken where it says that it was issued a short while ago, as in
// Keycloak.
func (t Terms) Timely(f Foreign, now time.Time) (until time.Time, wrong Flaw) {
	skewed := now.Add(t.Skew)
	switch {
	case f.Expires == 0:
		return until, NoExpiry
	case t.Issued && f.IssuedAt == 0:
		return until, NoIssueTime
	case now.Unix() >= f.Expires, f.NotBefore > skewed.Unix():
		return until, Inactive
	}
	until = time.Unix(f.Expires, 0)
	if f.IssuedAt == 0 {
		if until.Sub(now) > t.Age {
			return until, FarExpiry
		}
		return until, ""
	}
	last := time.Unix(f.IssuedAt, 0).Add(t.Age)
	switch {
	case f.IssuedAt > skewed.Unix():
		return until, IssuedLater
	case now.Unix() > last.Unix():
		return until, IssuedBefore
	}
	if past := last.Add(time.Second); past.Before(until) { // it is good in its last second, to the end
		until = past
	}
	return until, ""
}

// Countable judges whether it can be told that an assertion comes once more.
func (t Terms) Countable(f Foreign) Flaw {
	if !t.Reuse && f.ID == "" {
		return NoID
	}
	return ""
}

// Signable judges the algorithm that an assertion claims to be signed with, before any key is looked for. The key
// says which it may be used with (see Verify).
func (t Terms) Signable(f Foreign) Flaw {
	if !Asymmetric(f.Algorithm) || t.Alg != "" && f.Algorithm != t.Alg {
		return OtherAlg
	}
	return ""
}

// Addressed judges whom an assertion is for: one party, which is one of ours. Whoever else it was made for could
// bring it here.
func Addressed(f Foreign, ours ...string) Flaw {
	switch {
	case len(f.Audience) > 1:
		return Audiences
	case len(f.Audience) == 0 || f.Audience[0] == "" || !slices.Contains(ours, f.Audience[0]):
		return Audience
	}
	return ""
}

// GrantTerms are how assertions of a provider are authorization grants (RFC 7523 §2.1).
type GrantTerms struct {
	Terms
	Enabled     bool     // they are any
	Identity    Identity // what the type ID-JAG means
	ForClient   bool     // they are for the provider's client id, and not for the realm
	LimitAccess bool     // no token outlives the assertion that it came of
}

// Identity is what becomes of identity assertion JWTs (ID-JAG). Setting: tokenhouse.id-jag.
type Identity string

const (
	IgnoreIdentity  Identity = "ignore"  // they are assertions like others
	AcceptIdentity  Identity = "accept"  // they are held to rules of their own
	RequireIdentity Identity = "require" // likewise, and nothing else is taken
)

// Parses tells whether the text is one of the settings.
func (i Identity) Parses() bool {
	return i == IgnoreIdentity || i == AcceptIdentity || i == RequireIdentity
}

// The settings of a provider that say on which terms its assertions are grants.
const (
	SettingGrants     = "jwtAuthorizationGrantEnabled"
	SettingIdentity   = "tokenhouse.id-jag" // what becomes of identity assertion JWTs
	SettingGrantReuse = "jwtAuthorizationGrantAssertionReuseAllowed"
	SettingGrantAlg   = "jwtAuthorizationGrantAssertionSignatureAlg"
	SettingGrantAge   = "jwtAuthorizationGrantMaxAllowedAssertionExpiration" // seconds
	SettingForClient  = "allowClientIdAsAudience"
	settingGrantSkew  = "jwtAuthorizationGrantAllowedClockSkew" // seconds
	settingSkew       = "allowedClockSkew"                      // seconds
)

// How old an assertion may be where nothing is configured, and at most: older is no age but a token that does not
// expire.
const (
	grantAge = 5 * time.Minute
	MaxAge   = 24 * time.Hour
)

// SkewSetting is the setting that says by how many seconds the provider's clock may be fast where its assertions are grants.
func (s *Settings) SkewSetting() string {
	if s.Kind == KindGrant {
		return settingGrantSkew
	}
	return settingSkew
}

// Grants are the terms on which assertions of the provider are authorization grants. A provider that serves nothing
// else needs no switch for it. A setting that does not parse leaves what holds without it.
func (s *Settings) Grants() GrantTerms {
	alone := s.Kind == KindGrant
	g := GrantTerms{
		Terms: Terms{Age: grantAge, Skew: s.Skew, Reuse: s.on(SettingGrantReuse),
			Alg: s.config[SettingGrantAlg]},
		Enabled:     alone || s.openID && s.on(SettingGrants),
		ForClient:   s.on(SettingForClient),
		LimitAccess: s.on("jwtAuthorizationGrantLimitAccessTokenExp"),
		Identity:    IgnoreIdentity,
	}
	if alone {
		g.Skew, g.Identity = seconds(s.config[settingGrantSkew], MaxSkew), AcceptIdentity
	}
	if age := seconds(s.config[SettingGrantAge], MaxAge); age > 0 {
		g.Age = age
	}
	if i := Identity(s.config[SettingIdentity]); i.Parses() {
		g.Identity = i
	}
	return g
}

// For are the terms for one assertion. Identity assertions say when they were issued, and are used once.
func (g GrantTerms) For(f Foreign) Terms {
	t := g.Terms
	if g.Identifies(f) {
		t.Issued, t.Reuse = true, false
	}
	return t
}

// Identifies tells whether an assertion is held to the rules of identity assertions.
func (g GrantTerms) Identifies(f Foreign) bool {
	return g.Identity != IgnoreIdentity && f.HeaderType == oauth.HeaderIdentity
}

// seconds reads a number of seconds; zero where there is none.
func seconds(text string, most time.Duration) time.Duration {
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return 0
	}
	return time.Duration(min(n, int(most/time.Second))) * time.Second
}
