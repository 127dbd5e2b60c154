package manage

import (
	"context"
	"errors"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Scopes changes client scopes.
type Scopes struct {
	Store Configuration
	Now   func() time.Time
	NewID func() string
}

// Create adds a client scope and gives back its key. ErrConflict where the name is taken.
func (s *Scopes) Create(ctx context.Context, actor event.Actor, realmName string, scope realm.ClientScope) (key string, err error) {
	return "", errors.ErrUnsupported
}

// AddMapper gives a client scope a protocol mapper; a mapper without key gets one.
func (s *Scopes) AddMapper(ctx context.Context, actor event.Actor, realmName, key string, m realm.Mapper) error {
	return errors.ErrUnsupported
}
