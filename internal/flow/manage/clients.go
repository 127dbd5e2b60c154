package manage

import (
	"context"
	"errors"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Clients changes clients.
type Clients struct {
	Store Configuration
	Now   func() time.Time
	NewID func() string
}

// Edit changes the client with this key. What edit gets is a copy with Extra filled in; what it
// leaves behind is checked and stored with one admin event. A *fault.Invalid names the field that
// cannot be accepted.
func (c *Clients) Edit(ctx context.Context, actor event.Actor, realmName, key string, edit func(*realm.Client) error) error {
	return errors.ErrUnsupported
}

// SetEnabled switches a client on or off. From then on no server of the installation accepts a
// disabled one.
func (c *Clients) SetEnabled(ctx context.Context, actor event.Actor, realmName, key string, enabled bool) error {
	return errors.ErrUnsupported
}

// AddMapper gives a client a protocol mapper of its own; a mapper without key gets one.
func (c *Clients) AddMapper(ctx context.Context, actor event.Actor, realmName, key string, m realm.Mapper) error {
	return errors.ErrUnsupported
}

// Assignment is how a client scope belongs to a client.
type Assignment int

const (
	Default  Assignment = iota // always in play
	Optional                   // in play when the request names it
)

// AssignScope gives a client a client scope; one that it has already stays as it is.
func (c *Clients) AssignScope(ctx context.Context, actor event.Actor, realmName, key, scope string, as Assignment) error {
	return errors.ErrUnsupported
}
