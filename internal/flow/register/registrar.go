// Package register lets clients register themselves, and change or remove themselves later (RFC 7591,
// RFC 7592), as far as the realm's policies for it allow.
package register

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/hosts"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Registrar registers clients. All fields are required. It is safe for concurrent use.
type Registrar struct {
	Realms         Realms
	Clients        *manage.Clients
	Access         Access
	Keys           Keys
	Administrators Administrators
	Verifier       Verifier
	Hosts          hosts.Resolver
	Events         Events
}

// Realms are the realms' configuration, and what is kept of it without acting on it.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
}

// Access is who may register clients because an administrator said so beforehand.
type Access interface {
	AddInitialAccess(ctx context.Context, realmKey string, a realm.InitialAccess, audit []event.Admin) error
	InitialAccesses(ctx context.Context, realmKey string) ([]realm.InitialAccess, error)
	DropInitialAccess(ctx context.Context, realmKey, key string, audit []event.Admin) error
	UseInitialAccess(ctx context.Context, realmKey, key string, now time.Time) error
}

// Keys sign and verify tokens of the realm.
type Keys interface {
	Sign(ctx context.Context, r *realm.Realm, alg, typ string, c *token.Claims) (string, error)
	Verify(r *realm.Realm, compact string) (token.Verified, error)
}

// Administrators tell who stands behind an access token.
type Administrators interface {
	Administrator(ctx context.Context, base string, p verify.Presented) (*permit.Administrator, error)
}

// Verifier authenticates clients.
type Verifier interface {
	Client(ctx context.Context, at verify.At, c verify.Credentials) (verify.ClientAuth, error)
}

// Events keeps what happened.
type Events interface {
	Record(ctx context.Context, e event.Event)
}

// Call is a request to register, or of somebody who has.
type Call struct {
	Realm         *realm.Realm
	Base          string // the server's URL as the caller reaches it
	Authorization string // the header, verbatim
	Origin        string // of the page that calls from a browser; empty: no browser, or none that says
	Share         func() // lets that page read the answer; nil where there is no Origin
	Author        audit.Author
}

// address is the caller's.
func (c *Call) address() string { return c.Author.Actor.Address }

// issuer is the realm's.
func (c *Call) issuer() string { return c.Realm.Issuer(c.Base) }
