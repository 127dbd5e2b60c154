package inspect

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Inspector answers introspection and userinfo requests. All fields are required.
type Inspector struct {
	Realms   Realms
	Verifier *verify.Verifier
	Keys     Keys
	Events   Events
	Now      func() time.Time
	NewID    func() string
}

// Realms are the realms' configuration.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Keys sign answers.
type Keys interface {
	Sign(ctx context.Context, r *realm.Realm, alg, typ string, c *token.Claims) (string, error)
}

// Events keeps what happened.
type Events interface {
	Record(ctx context.Context, e event.Event)
}
