package device

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// Request is a device's request for codes (RFC 8628 §3.1). A parameter that may be absent is a pointer.
type Request struct {
	Realm           string // its name
	Base            string // the server's URL as the caller reaches it
	Address         string // the caller's
	Origin          string // header Origin, which browsers send
	Credentials     verify.Credentials
	Repeated        bool // a parameter that may come once came more often
	Scope           string
	Resource        *string // parameter "resource" (RFC 8707)
	Challenge       *string // code_challenge
	ChallengeMethod *string // code_challenge_method
}

// Response is the answer (RFC 8628 §3.2). Times are seconds.
type Response struct {
	DeviceCode              string `json:"device_code"`
	UserCode                string `json:"user_code"`
	VerificationURI         string `json:"verification_uri"`
	VerificationURIComplete string `json:"verification_uri_complete"`
	ExpiresIn               int64  `json:"expires_in"`
	Interval                int64  `json:"interval"`
}

// Authorize gives a device its codes. Its scopes are not looked at before its user allows them, as in Keycloak.
func (a *Authority) Authorize(ctx context.Context, q Request) (resp *Response, err error) {
	r, err := a.Realms.Realm(ctx, q.Realm)
	if err != nil {
		return nil, err
	}
	at := verify.At{Realm: r, Base: q.Base, Now: a.Now()}
	e := event.Event{ID: a.NewID(), Time: at.Now, Kind: event.DeviceAuth, Realm: r.Key, RealmName: r.Name, Address: q.Address}
	defer func() {
		if err != nil {
			e.Fail(err)
		}
		a.Events.Record(context.WithoutCancel(ctx), e)
	}()

	auth, err := a.Clients.Client(ctx, at, q.Credentials)
	auth.Note(&e)
	if err != nil {
		return nil, err
	}
	if err := admit(auth.Client, q); err != nil {
		return nil, err
	}
	d, err := begin(auth.Client, r, q, at.Now)
	if err != nil {
		return nil, err
	}
	if len(r.Policies) > 0 {
		f := policy.Facts{Stage: policy.DeviceAuthorization, Issuer: r.Issuer(q.Base), Client: auth.Client,
			Method: auth.Method, Assertion: auth.Signed(), Scope: q.Scope, ScopeSent: true}
		if _, err := a.Policies.Judge(ctx, r, f, &e); err != nil {
			return nil, err
		}
	}
	return a.issue(ctx, at, d)
}

// admit checks what concerns every request of a client that is known.
func admit(c *realm.Client, q Request) error {
	switch {
	case q.Origin != "" && !c.AllowsOrigin(q.Base, q.Origin):
		return oauth.Errorf(oauth.InvalidOrigin, "").InEvent("invalid_request", "invalid origin")
	case !c.Device.Enabled:
		const text = "Client is not allowed to initiate OAuth 2.0 Device Authorization Grant. The flow is disabled for the client."
		return oauth.Errorf(oauth.UnauthorizedClient, text).InEvent("not_allowed", text)
	case c.BearerOnly:
		return verify.ErrBearerOnly
	case q.Repeated:
		return oauth.Errorf(oauth.InvalidGrant, "duplicated parameter").InEvent("invalid_request", "duplicated parameter")
	}
	return nil
}

// begin is the device that a request makes.
func begin(c *realm.Client, r *realm.Realm, q Request, now time.Time) (session.Device, error) {
	d := session.Device{Client: c.Key, Scope: q.Scope, Issued: now, Expires: now.Add(own(c.Device.Life, r.Lifespans.DeviceCode)),
		Interval: own(c.Device.Polling, r.Lifespans.DevicePolling)}
	if q.Resource != nil && audience.ReadsResources(r, []string{*q.Resource}) {
		if !audience.WellFormed(*q.Resource) {
			return d, audience.InvalidTarget(*q.Resource)
		}
		d.Resource = *q.Resource
	}
	text := ""
	switch method, want := q.ChallengeMethod, c.SignIn.PKCE; {
	case want == "" && method == nil && q.Challenge == nil:
		return d, nil
	case want != "" && method == nil:
		text = "Missing parameter: code_challenge_method"
	case want != "" && *method != want:
		text = "Invalid parameter: code challenge method is not matching the configured one"
	case method != nil && *method != oauth.ChallengePlain && *method != oauth.ChallengeS256:
		text = "Invalid parameter: code_challenge_method"
	case q.Challenge == nil:
		text = "Missing parameter: code_challenge"
	case !oauth.ValidVerifier(*q.Challenge):
		text = "Invalid parameter: code_challenge"
	}
	if text != "" {
		return d, oauth.Errorf(oauth.InvalidRequest, "%s", text).InEvent("invalid_request", text)
	}
	d.Challenge, d.ChallengeMethod = *q.Challenge, oauth.ChallengePlain
	if q.ChallengeMethod != nil {
		d.ChallengeMethod = *q.ChallengeMethod
	}
	return d, nil
}

// own is a client's value, or the realm's.
func own(c realm.Override, r time.Duration) time.Duration {
	if c.Set && c.Value > 0 {
		return c.Value
	}
	return r
}

// draws is how often codes are drawn that another device has.
const draws = 5

// issue keeps the device and answers it.
func (a *Authority) issue(ctx context.Context, at verify.At, d session.Device) (*Response, error) {
	var err error
	for range draws {
		code, userCode := a.NewCode(), a.UserCode()
		err = a.Devices.AddDevice(ctx, at.Realm.Key, code, userCode, d)
		if errors.Is(err, fault.ErrConflict) {
			continue
		}
		if err != nil {
			return nil, err
		}
		uri := cmp.Or(at.Realm.ShortDeviceURL, at.Realm.Issuer(at.Base)+"/device")
		return &Response{DeviceCode: code, UserCode: shown(userCode), VerificationURI: uri,
			VerificationURIComplete: uri + "?" + url.Values{"user_code": {shown(userCode)}}.Encode(),
			ExpiresIn:               int64(d.Expires.Sub(at.Now).Seconds()), Interval: int64(d.Interval.Seconds())}, nil
	}
	return nil, err
}
