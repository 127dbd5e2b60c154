package authorize

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
)

// DeviceRequest is a browser whose user entered the code of a device (RFC 8628 §3.3).
type DeviceRequest struct {
	Call
	Device string // what the device is called in the store
	Client string // client_id of what it runs
	Scope  string // verbatim
}

// BeginDevice signs a user in, or takes who is signed in, and asks whether the device may have what it asks for.
func (a *Authorizer) BeginDevice(ctx context.Context, q DeviceRequest) (*Outcome, error) {
	t, o, err := a.receive(ctx, q.Call)
	if t == nil {
		return o, err
	}
	if no := t.known(parameters{{"client_id", q.Client}}); no != nil {
		return a.failed(ctx, t, nil, no)
	}
	t.Event.Client = t.Client.ID
	return a.Start(ctx, t, login.Request{Client: t.Client.ID, Scope: q.Scope, Device: q.Device}, login.Authenticate)
}
