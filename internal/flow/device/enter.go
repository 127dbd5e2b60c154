package device

import (
	"context"
	"errors"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
)

// EnterRequest is a user code that somebody typed, or that came with the address of the page.
type EnterRequest struct {
	authorize.Call
	UserCode string // empty: the page is asked for
}

// tooMany is the HTTP status of who guesses too often (RFC 6585 §4).
const tooMany = 429

// Enter leads who typed a good code to sign-in and consent; others see the page that asks for it. Wrong codes are
// counted by address, so that nobody finds one by trying (RFC 8628 §5.1).
func (a *Authority) Enter(ctx context.Context, q EnterRequest) (*authorize.Outcome, error) {
	r, err := a.Realms.Realm(ctx, q.Realm)
	if err != nil {
		return nil, err
	}
	if q.UserCode == "" {
		return ask(r, q.Base, ""), nil
	}
	who := r.Key + " " + limit.Network(q.Address)
	if !a.Attempts.Allow(who) {
		o := ask(r, q.Base, "deviceTooManyAttempts")
		o.Status = tooMany
		return o, nil
	}
	now := a.Now()
	e := event.Event{ID: a.NewID(), Time: now, Kind: event.DeviceVerify, Realm: r.Key, RealmName: r.Name, Address: q.Address}
	d, ref, err := a.Devices.DeviceByUserCode(ctx, r.Key, typed(q.UserCode))
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return nil, err
	}
	c := r.ClientByKey(d.Client)
	switch {
	case err != nil, d.Decision != session.Undecided, c == nil || !c.Enabled || !c.Device.Enabled:
		a.Attempts.Failed(who)
		return a.wrong(ctx, e, "invalid_oauth2_user_code", ask(r, q.Base, "oauth2DeviceInvalidUserCodeMessage"))
	case d.Expired(now):
		return a.wrong(ctx, e, "expired_oauth2_user_code", ask(r, q.Base, "oauth2DeviceExpiredUserCodeMessage"))
	}
	return a.Browsers.BeginDevice(ctx, authorize.DeviceRequest{Call: q.Call, Device: ref, Client: c.ID, Scope: d.Scope})
}

// wrong records a code that does not work.
func (a *Authority) wrong(ctx context.Context, e event.Event, why string, o *authorize.Outcome) (*authorize.Outcome, error) {
	e.Fail(oauth.Errorf(oauth.InvalidGrant, "").InEvent(why, ""))
	a.Events.Record(context.WithoutCancel(ctx), e)
	return o, nil
}

// ask is the page that asks for a user code, with what was wrong with the one before.
func ask(r *realm.Realm, base, wrong string) *authorize.Outcome {
	p := page.DeviceCode{}
	if u, err := url.Parse(r.Issuer(base) + "/device"); err == nil {
		p.Action = u.EscapedPath() // relative, as Keycloak's
	}
	if wrong != "" {
		p.Notice = page.Notice{Kind: page.Fail, Text: page.T(wrong)}
	}
	return &authorize.Outcome{Page: p}
}
