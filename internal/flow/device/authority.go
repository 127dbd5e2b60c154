package device

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Authority gives devices their codes, and leads users who type them. All fields are required. It is safe for
// concurrent use.
type Authority struct {
	Realms   Realms
	Clients  Clients
	Devices  Devices
	Browsers Browsers
	Attempts Attempts
	Policies Policies
	Events   Events
	Now      func() time.Time
	NewID    func() string // a UUID, unguessable
	NewCode  func() string // of a device, unguessable
	UserCode func() string // NewUserCode
}

// Realms are the realms' configuration.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Clients prove who a client is. It is a *verify.Verifier.
type Clients interface {
	Client(ctx context.Context, at verify.At, c verify.Credentials) (verify.ClientAuth, error)
}

// Devices wait for their users. What is not there is fault.ErrNotFound.
type Devices interface {
	// AddDevice is fault.ErrConflict where another device has one of the codes.
	AddDevice(ctx context.Context, realmKey, code, userCode string, d session.Device) error
	DeviceByUserCode(ctx context.Context, realmKey, userCode string) (d session.Device, ref string, err error)
}

// Browsers sign users in. It is a *authorize.Authorizer.
type Browsers interface {
	BeginDevice(ctx context.Context, q authorize.DeviceRequest) (*authorize.Outcome, error)
}

// Attempts count wrong guesses. It is a *limit.Guesses.
type Attempts interface {
	// Allow tells whether somebody may guess, by what they are known by.
	Allow(who string) bool
	// Failed counts a wrong guess.
	Failed(who string)
}

// Policies are the realm's client policies. It is a police.Judge, and not asked in a realm without.
type Policies interface {
	Judge(ctx context.Context, r *realm.Realm, f policy.Facts, e *event.Event) (policy.Verdict, error)
}

// Events keeps what happened.
type Events interface {
	Record(ctx context.Context, e event.Event)
}
