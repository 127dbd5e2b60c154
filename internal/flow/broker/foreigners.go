package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Foreigners are those whom tokens of identity providers speak of. Everything that takes such a token verifies it and
// finds its user here: a sign-in, an exchange, an assertion. All fields are required.
type Foreigners struct {
	Realms   Realms
	Own      Own
	Users    Users
	Upstream Verifier
}

// Verifier checks the signatures of providers. It is an *upstream.Client.
type Verifier interface {
	Verify(ctx context.Context, s *federation.Settings, compact string) (federation.Foreign, error)
}

// foreigners are those that the broker knows.
func (b *Broker) foreigners() Foreigners {
	return Foreigners{Realms: b.Realms, Own: b.Own, Users: b.Users, Upstream: b.Upstream}
}

// outside checks a token of another server: that a key of the provider signed it, whatever validateSignature says, and that
// it names nobody of this server as who acts by it. An error that wraps federation.ErrSignature or federation.ErrClaims is
// the token's fault, any other is of the keys. Nothing else of the token is looked at: not its issuer, nor its times, nor
// whom it is for.
func (f Foreigners) outside(ctx context.Context, at verify.At, s *federation.Settings, compact string) (federation.Foreign, error) {
	claims, err := f.Upstream.Verify(ctx, s, compact)
	if err != nil {
		return claims, err
	}
	bonds, err := claims.Bonds()
	if err == nil {
		err = verify.CheckActors(ctx, f.Realms, at, bonds.Actor)
	}
	return claims, err
}

// Vouched tells what a JWT is worth that somebody hands in as an assertion, and that says that this provider issued it. One
// of a realm of this server is verified with the keys at hand, and its session and all that was taken back count, as when a
// token of that realm is exchanged; others by the provider's keys. An error is a technical one of this server.
func (f Foreigners) Vouched(ctx context.Context, at verify.At, s *federation.Settings, compact string) (verify.Credit, error) {
	claims, err := federation.Peek(compact)
	if err != nil {
		return flawed(err), nil
	}
	home, err := verify.Beside(ctx, f.Realms, at, claims.Issuer)
	if err != nil {
		return credit(err)
	}
	if home == nil {
		if _, err = f.outside(ctx, at, s, compact); err != nil {
			return flawed(err), ctx.Err()
		}
		return verify.Credit{}, nil
	}
	t, err := near(ctx, at, home, compact, f.Own.Assertion)
	if err != nil {
		return credit(err)
	}
	return verify.Credit{Path: handedIn(&t, claims.HeaderType)}, nil
}

// near checks a token of another realm of this server, by what that realm asks of its own.
func near(ctx context.Context, at verify.At, home *realm.Realm, compact string,
	check func(ctx context.Context, there verify.At, compact string) (verify.Held, error)) (token.Verified, error) {
	held, err := check(ctx, verify.At{Realm: home, Base: at.Base, Now: at.Now}, compact)
	if err == nil && held.User != nil && held.User.ServiceAccount != "" {
		err = errService
	}
	held.Token.Path = abroad(held.Token.Path, home.Issuer(at.Base), at.Realm.Issuer(at.Base))
	return held.Token, err
}

// credit is that of a token of a realm of this server which is not believed; an error is none of the token's.
func credit(err error) (verify.Credit, error) {
	if verify.Why(err) == "" && !errors.Is(err, federation.ErrSignature) && !errors.Is(err, federation.ErrClaims) {
		return verify.Credit{}, err
	}
	return flawed(err), nil
}

// flawed is the credit of an assertion that is not believed.
func flawed(err error) verify.Credit {
	c := verify.Credit{Flaw: federation.NoKeys, Cause: err}
	switch why := verify.Why(err); {
	case errors.Is(err, verify.ErrActor):
		c.Flaw = federation.ActorHere
	case why == verify.Unreadable, errors.Is(err, federation.ErrSignature), errors.Is(err, federation.ErrClaims):
		c.Flaw = federation.BadSignature
	case why != "":
		c.Flaw = federation.Withdrawn
	}
	return c
}

// handedIn is the way of exchanges behind what comes of an assertion of another realm of this server, whose own way is
// told as this realm sees it. An identity assertion says what it was made of; of others that is themselves.
func handedIn(t *token.Verified, headerType string) []token.Hop {
	path := slices.Clone(t.Path)
	if headerType != oauth.HeaderIdentity || len(path) == 0 {
		hop := t.Leaves()
		hop.Issuer = t.Issuer
		path = append(path, hop)
	}
	path[len(path)-1].Assertion = true
	return path
}

// Linked is the user who is linked to an account at a provider, enabled or not; nil where nobody is.
func (f Foreigners) Linked(ctx context.Context, r *realm.Realm, alias, subject string) (*user.User, error) {
	if subject == "" {
		return nil, nil
	}
	u, err := f.Users.UserByLink(ctx, r.Key, alias, subject)
	_, several := errors.AsType[*fault.Conflict](err)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return nil, nil
	case several:
		return nil, fmt.Errorf("more than one user is linked to the same account at provider %q: %w", alias, err)
	}
	return u, err
}
