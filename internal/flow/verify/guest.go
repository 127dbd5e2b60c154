package verify

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Abroad is a token of another issuer than the realm, brought by a client. Its provider is switched on and trusted: that
// is asked before anything of the token is looked at.
type Abroad struct {
	Provider *realm.Provider
	Compact  string
	Type     oauth.TokenType // that it is said to be
}

// Guest is who a token of another issuer speaks of, as far as the token is believed.
type Guest struct {
	Token *token.Verified // nil: it is not believed
	Flaw  exchange.Flaw   // why, for the caller
	Why   string          // why, for events: nothing secret is in it

	User     *user.User        // nil: see Standing
	Standing exchange.Standing // why they may not act here; empty: they may
	Made     bool              // the account was made just now

	// Admit makes the account of User, who has no id yet, or changes it as the provider's mappers want, so that User is what
	// is stored, and gives the guest with it; nil where there is nothing to do.
	Admit func(ctx context.Context) (Guest, error)

	Origin session.Origin    // of a session that begins for them
	Notes  map[string]string // that mappers want it to have
}

// Lockouts tell who is locked after sign-ins that failed. It is a *limit.Lockouts.
type Lockouts interface {
	Locked(ctx context.Context, r *realm.Realm, u *user.User, now time.Time) (user.Lock, error)
}

// CheckObstacles keeps out a guest who could not sign in now, wanting these scopes of a client: whose sign-ins failed too
// often, or who has something to do first; and a token that is older than what the realm, the client or the user
// takes. A session begins for a guest as by a sign-in. What their profile lacks nobody can add, and is no obstacle.
func (g *Guest) CheckObstacles(ctx context.Context, s Obstacles, at At, c *realm.Client, scope string) error {
	if g.User == nil || g.Standing != "" {
		return nil
	}
	if g.Token.IssuedAt < max(at.Realm.NotBefore, c.NotBefore, g.User.NotBefore) {
		g.Standing = exchange.Stale
		return nil
	}
	locked, pending, err := s.in(ctx, at, user.Attempt{User: g.User, Scopes: at.Realm.ScopeNames(c, scope), Now: at.Now, Told: true})
	switch {
	case locked:
		g.Standing = exchange.Barred
	case pending:
		g.Standing = exchange.Undone
	}
	return err
}

// Described is a token of another issuer that nobody has, by what it would say. What else would be looked at is taken to be
// right: that a key of the issuer signed it, and that what the issuer tells of its user says no more.
type Described struct {
	Provider *realm.Provider
	Claims   federation.Foreign
	Refused  error // why a realm of this server, which issued it, does not stand by it; nil: it does
	Machine  bool  // a realm of this server issued it to a client for itself
}

var personRules = append([]rule{{"kind", isPersonal}}, accessRules[1:]...)

// isPersonal wants a token that says who somebody is: an access or an ID token.
func isPersonal(ctx context.Context, q *question) error {
	if q.Token.Type == token.TypID {
		return nil
	}
	return isAccess(ctx, q)
}

// PersonToken checks an access or an ID token of the realm for who takes it in another realm, and all that stands behind
// it: the same rules hold for both, so an ID token is as good as the session that it was issued in, and its client's part.
func (v *Verifier) PersonToken(ctx context.Context, at At, compact string) (Held, error) {
	return v.check(ctx, at, compact, nil, personRules)
}
