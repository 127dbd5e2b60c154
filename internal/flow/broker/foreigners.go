package broker

import (
	"context"
	"fmt"

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
	found, err := f.Users.FindUsers(ctx, r.Key, user.Query{Provider: alias, ProviderUser: subject}, 0, 2)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	if len(found) > 1 {
		return nil, fmt.Errorf("more than one user is linked to the same account at provider %q", alias)
	}
	return f.Users.User(ctx, r.Key, found[0].User.ID)
}
