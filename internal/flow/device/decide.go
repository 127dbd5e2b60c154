package device

import (
	"context"
	"errors"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// Decisions keeps what users make of devices. It is the authorize.Devices of the sign-in.
type Decisions struct {
	Devices Decided
}

// Decided keeps decisions. The first stands: fault.ErrStale, and fault.ErrNotFound where the device is gone.
type Decided interface {
	DeviceByRef(ctx context.Context, realmKey, ref string) (session.Device, error)
	DecideDevice(ctx context.Context, realmKey, ref string, decision session.Decision, sessionID string) error
}

// Approve lets the device of an attempt have tokens of a session. late tells that it is too late for that: its
// code has expired, or somebody else decided.
func (d *Decisions) Approve(ctx context.Context, t *authorize.Turn, s session.Session) (late bool, err error) {
	return d.decide(ctx, t, session.Granted, s.ID)
}

// Deny says that the device of an attempt gets none.
func (d *Decisions) Deny(ctx context.Context, t *authorize.Turn) error {
	_, err := d.decide(ctx, t, session.Denied, "")
	return err
}

func (d *Decisions) decide(ctx context.Context, t *authorize.Turn, decision session.Decision, sessionID string) (late bool, err error) {
	key, ref := t.At.Realm.Key, t.Attempt.Request.Device
	late, err = d.late(ctx, key, ref, t.At.Now)
	if late || err != nil {
		return late, err
	}
	err = d.Devices.DecideDevice(ctx, key, ref, decision, sessionID)
	if errors.Is(err, fault.ErrStale) || errors.Is(err, fault.ErrNotFound) {
		return true, nil
	}
	return false, err
}

func (d *Decisions) late(ctx context.Context, key, ref string, now time.Time) (bool, error) {
	found, err := d.Devices.DeviceByRef(ctx, key, ref)
	if errors.Is(err, fault.ErrNotFound) {
		return true, nil
	}
	return err == nil && found.Expired(now), err
}

// Status is the page at the end of a device's sign-in; failure is the parameter "error" of its address, or empty.
func Status(r *realm.Realm, base, failure string) page.Info {
	if failure == "" {
		return page.Info{Heading: page.T("oauth2DeviceVerificationCompleteHeader"), Message: page.T("oauth2DeviceVerificationCompleteMessage"), Kind: page.Success}
	}
	p := page.Info{Heading: page.T("oauth2DeviceVerificationFailedHeader"), Message: page.T("oauth2DeviceVerificationFailedMessage"),
		Back: page.Link{URL: r.Issuer(base) + "/device", Text: page.T("doTryAgain")}}
	switch oauth.Code(failure) {
	case oauth.AccessDenied:
		p.Message = page.T("oauth2DeviceConsentDeniedMessage")
	case oauth.ExpiredToken:
		p.Message = page.T("oauth2DeviceExpiredUserCodeMessage")
	}
	return p
}
