package broker

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Holding tells what is kept of the tokens that a provider gave for a user. The provider is not asked.
func (b *Broker) Holding(ctx context.Context, r *realm.Realm, u *user.User, alias string) (exchange.Holding, error) {
	return holding(ctx, b.Tokens, r, u, alias, b.Now())
}

func holding(ctx context.Context, tokens KeptTokens, r *realm.Realm, u *user.User, alias string, now time.Time) (exchange.Holding, error) {
	kept, err := keptFor(ctx, tokens, r, u, alias)
	if err != nil || kept == nil {
		return exchange.Unheld, err
	}
	held, err := federation.ReadKept(kept)
	switch {
	case err != nil:
		return exchange.Unheld, fmt.Errorf("read provider's token: %w", err)
	case held.Lapsed(now) && held.RefreshToken == "":
		return exchange.Lapsed, nil
	}
	return exchange.Kept, nil
}

// HandOut is the access token that a provider gave for a user, with what it said of it, renewed where it has expired; nil
// where it cannot be. That it may be handed out has been decided: see exchange.Outward.
func (b *Broker) HandOut(ctx context.Context, r *realm.Realm, u *user.User, alias string) (token.Object, error) {
	c, err := b.Book.of(ctx, r)
	if err != nil {
		return nil, err
	}
	kept, err := b.kept(ctx, r, u, alias)
	p := c.provider(alias)
	if err != nil || kept == nil || p == nil {
		return nil, err
	}
	if kept, err = b.renew(ctx, r, p, u, kept); err != nil || kept == nil {
		return nil, err
	}
	held, err := federation.ReadKept(kept)
	if err != nil {
		return nil, fmt.Errorf("read provider's token: %w", err)
	}
	return held.HandOut(b.Now()), nil
}
