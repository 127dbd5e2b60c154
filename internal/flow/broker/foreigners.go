package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Foreigners are those whom tokens of identity providers speak of. Everything that takes such a token verifies it and
// finds its user here: a sign-in, an exchange, an assertion. Both fields are required.
type Foreigners struct {
	Users    Users
	Upstream Verifier
}

// Verifier checks the signatures of providers. It is an *upstream.Client.
type Verifier interface {
	Verify(ctx context.Context, s *federation.Settings, compact string) (federation.Foreign, error)
}

// foreigners are those that the broker knows.
func (b *Broker) foreigners() Foreigners { return Foreigners{Users: b.Users, Upstream: b.Upstream} }

// Verify checks that a key of the provider signed a token, whatever validateSignature says. An error that wraps
// federation.ErrSignature or federation.ErrClaims is the token's fault, any other is of the keys. Nothing else of
// the token is looked at: not its issuer, nor its times, nor whom it is for.
func (f Foreigners) Verify(ctx context.Context, s *federation.Settings, compact string) (federation.Foreign, error) {
	return f.Upstream.Verify(ctx, s, compact)
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
