package grant

import (
	"context"
	"errors"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// DeviceRequest asks for tokens by a device code (RFC 8628 §3.4).
type DeviceRequest struct {
	Call
	DeviceCode *string
	Verifier   string // parameter "code_verifier"
}

// Devices wait for their users. What is not there is fault.ErrNotFound.
type Devices interface {
	Device(ctx context.Context, realmKey, code string) (session.Device, error)
	// PollDevice tells whether the device asked before less than the interval ago.
	PollDevice(ctx context.Context, realmKey, code string, interval time.Duration, now time.Time) (early bool, err error)
	// TakeDevice uses the code up, where the device was granted.
	TakeDevice(ctx context.Context, realmKey, code string) error
}

// Device gives a device tokens once its user has let it in, and until then says what it waits for, of which no event
// is made. Only the tokens use the code up: a wrong verifier does not, as in Keycloak.
func (i *Issuer) Device(ctx context.Context, q DeviceRequest) (resp *Response, err error) {
	t, err := i.begin(ctx, event.DeviceCodeToToken, oauth.DeviceCode, q.Call)
	if err != nil {
		return nil, err
	}
	defer func() {
		if !errors.Is(err, errPending) { // devices ask every few seconds
			t.end(ctx, err)
		}
	}()

	if err := t.authenticate(ctx); err != nil {
		return nil, err
	}
	d, err := t.device(ctx, q.DeviceCode)
	if err != nil {
		return nil, err
	}
	if err := t.decided(ctx, &d, *q.DeviceCode); err != nil {
		return nil, err
	}
	code := session.Code{Session: d.Session, Client: d.Client, Scope: d.Scope, Resource: d.Resource, Challenge: d.Challenge, ChallengeMethod: d.ChallengeMethod,
		Issued: d.Issued}
	w, err := t.behind(ctx, &code)
	if err != nil {
		return nil, err
	}
	if err := t.checkVerifier(&code, q.Verifier); err != nil {
		return nil, err
	}
	if err := t.withinCode(&code); err != nil {
		return nil, err
	}
	err = t.Devices.TakeDevice(ctx, t.at.Realm.Key, *q.DeviceCode)
	switch {
	case errors.Is(err, fault.ErrNotFound): // another request was first
		return nil, errDevice
	case err != nil:
		return nil, err
	}
	w.origin.Grant = token.ByDevice
	t.call.Scope = &code.Scope // that of the device's request; the parameter has no meaning here
	if err := t.police(ctx, t.redeemed(policy.Device, &code)); err != nil {
		return nil, err
	}
	if t.asksOffline() {
		return t.startOffline(ctx, w, &code)
	}
	return t.redeem(ctx, w, &code)
}

var (
	errDevice  = oauth.Errorf(oauth.InvalidGrant, "Device code not valid").InEvent("invalid_oauth2_device_code", "")
	errPending = oauth.Errorf(oauth.AuthorizationPending, "The authorization request is still pending")
)

// device finds the device that a code belongs to. It must be one of the client's.
func (t *turn) device(ctx context.Context, code *string) (session.Device, error) {
	var d session.Device
	switch {
	case !t.client.Device.Enabled:
		const text = "Client not allowed OAuth 2.0 Device Authorization Grant"
		return d, oauth.Errorf(oauth.InvalidGrant, text).InEvent("not_allowed", text)
	case code == nil:
		const text = "Missing parameter: device_code"
		return d, oauth.Errorf(oauth.InvalidRequest, text).InEvent("invalid_oauth2_device_code", text)
	}
	d, err := t.Devices.Device(ctx, t.at.Realm.Key, *code)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return d, errDevice
	case err != nil:
		return d, err
	case d.Client != t.client.Key:
		const text = "unauthorized client"
		return d, oauth.Errorf(oauth.InvalidGrant, text).InEvent("invalid_oauth2_device_code", text)
	}
	return d, nil
}

// decided asks that a device was let in, and may ask again by now (RFC 8628 §3.5).
func (t *turn) decided(ctx context.Context, d *session.Device, code string) error {
	early, err := t.Devices.PollDevice(ctx, t.at.Realm.Key, code, d.Interval, t.at.Now)
	switch {
	case err != nil:
		return err
	case early:
		return oauth.Errorf(oauth.SlowDown, "Slow down").InEvent("slow_down", "")
	case d.Expired(t.at.Now):
		return oauth.Errorf(oauth.ExpiredToken, "Device code is expired").InEvent("expired_oauth2_device_code", "")
	case d.Decision == session.Undecided:
		return errPending
	case d.Decision != session.Granted:
		return oauth.Errorf(oauth.AccessDenied, "The end user denied the authorization request").WithStatus(400).InEvent("access_denied", "")
	}
	return nil
}
