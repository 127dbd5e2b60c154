package authorize

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// PushRequest is an authorization request that a client sends before its user comes (RFC 9126).
type PushRequest struct {
	Call
	Origin      string // header Origin; one that the client does not allow is refused with oauth.InvalidOrigin
	Credentials verify.Credentials
	Sent        verify.Sent // proof that the client has a key, which the code is bound to (RFC 9449 §10.1)
	Parameters  []Field
}

// Pushed is where a pushed request is found.
type Pushed struct {
	URI       string `json:"request_uri"`
	ExpiresIn int64  `json:"expires_in"` // seconds
}

var (
	errPushAuth   = oauth.Errorf(oauth.InvalidRequest, "Authentication failed.").WithStatus(401)
	errPushOrigin = oauth.Errorf(oauth.InvalidOrigin, "").InEvent("invalid_request", "invalid origin")
	errPushKey    = oauth.Errorf(oauth.InvalidRequest, "DPoP Proof public key thumbprint does not match dpop_jkt")
	errPushNested = oauth.Errorf(oauth.InvalidRequest, "It is not allowed to include request_uri to PAR.")
)

// Push checks a request as Begin would, and keeps it for one use by its client.
func (a *Authorizer) Push(ctx context.Context, q PushRequest) (*Pushed, error) {
	r, err := a.Realms.Realm(ctx, q.Realm)
	if err != nil {
		return nil, err
	}
	at := verify.At{Realm: r, Base: q.Base, Now: a.Now()}
	e := event.Event{ID: a.NewID(), Time: at.Now, Kind: "PUSHED_AUTHORIZATION_REQUEST", Realm: r.Key, RealmName: r.Name, Address: q.Address}
	pushed, err := a.push(ctx, at, q, &e)
	if err != nil {
		e.Fail(err)
	}
	a.Events.Record(context.WithoutCancel(ctx), e)
	return pushed, err
}

func (a *Authorizer) push(ctx context.Context, at verify.At, q PushRequest, e *event.Event) (*Pushed, error) {
	auth, err := a.Clients.Client(ctx, at, q.Credentials)
	auth.Note(e)
	in := parameters(q.Parameters)
	var refused *oauth.Error
	switch {
	case errors.As(err, &refused):
		return nil, errPushAuth.Because(err)
	case err != nil:
		return nil, err
	case q.Origin != "" && !auth.Client.AllowsOrigin(q.Base, q.Origin):
		return nil, errPushOrigin
	case in.get("client_id") != nil && in.text("client_id") != auth.Client.ID, auth.Client.BearerOnly:
		return nil, errPushAuth
	case in.get("request_uri") != nil:
		return nil, errPushNested
	}
	in = without(in, "client_secret", "client_assertion", "client_assertion_type")
	checked, err := a.checkPushed(ctx, at, auth.Client, in)
	if err != nil {
		return nil, pushRefusal(in, err)
	}
	if in, err = a.proveKey(ctx, at, q.Sent, checked.in); err != nil {
		return nil, err
	}
	checked.in = in
	if err := a.police(ctx, at, checked, policy.Facts{Stage: policy.Pushed, Method: auth.Method, Assertion: auth.Signed()}, e); err != nil {
		return nil, pushRefusal(in, err)
	}
	return a.keepPushed(ctx, at, auth.Client, in)
}

// proveKey binds the code to come to the key of a proof beside the request: as if the request had named it.
func (a *Authorizer) proveKey(ctx context.Context, at verify.At, sent verify.Sent, in parameters) (parameters, error) {
	p, err := a.Clients.Proof(ctx, at, sent)
	switch named := in.text(dpopKey); {
	case err != nil:
		return nil, err
	case p == nil, named == p.Key:
		return in, nil
	case named != "":
		return nil, errPushKey
	}
	return append(without(in, dpopKey), Field{dpopKey, p.Key}), nil
}

// checkPushed holds a request that is pushed against the rules.
func (a *Authorizer) checkPushed(ctx context.Context, at verify.At, c *realm.Client, in parameters) (*checking, error) {
	check := &checking{realm: at.Realm, base: at.Base, client: c, pushed: true}
	check.q.Client = c.ID
	if in.get("request") != nil && in.get("response_type") == nil { // what is pushed need not be there twice
		in = append(in, Field{"response_type", a.typeInside(in.text("request"))})
	}
	unfolded, err := a.unfold(ctx, at, check, in)
	if err != nil {
		return nil, err
	}
	return check, check.run(unfolded)
}

// typeInside is the response type in a request object that is still to be verified.
func (a *Authorizer) typeInside(compact string) string {
	_, payload, ok := opened(compact)
	var inside struct {
		Type string `json:"response_type"`
	}
	if !ok || json.Unmarshal(payload, &inside) != nil {
		return ""
	}
	return inside.Type
}

// pushRefusal is a refusal of a request as the client hears it itself. Keycloak has other codes here than for a browser,
// and for what has a page of its own there the name of that page's message.
func pushRefusal(in parameters, err error) error {
	var no *refusal
	if !errors.As(err, &no) {
		return err
	}
	if no.because != nil {
		return no.because
	}
	if no.tell == nil {
		switch {
		case no.message.Key == "invalidParameterMessage":
			return oauth.Errorf(oauth.InvalidRequest, "Invalid parameter: %s", no.message.Args[0])
		case no == errRequest && in.get("request") != nil:
			return oauth.Errorf(invalidRequestObject, "%s", no.message.Key)
		}
		return oauth.Errorf(oauth.InvalidRequest, "%s", no.message.Key)
	}
	switch no.tell.Code {
	case unsupportedResponseType:
		return oauth.Errorf(oauth.InvalidRequest, "Unsupported response type")
	case oauth.InvalidScope:
		return oauth.Errorf(oauth.InvalidRequest, "%s", no.tell.Description)
	case oauth.UnauthorizedClient:
		return no.tell.WithStatus(401)
	}
	return no.tell
}

// keepPushed keeps a request under a URI that nobody can guess.
func (a *Authorizer) keepPushed(ctx context.Context, at verify.At, c *realm.Client, in parameters) (*Pushed, error) {
	life := at.Realm.Lifespans.PushedRequest
	if life <= 0 {
		life = time.Minute
	}
	text, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	uri := pushedURI + a.NewToken()
	if err := a.Pushes.AddPushed(ctx, at.Realm.Key, uri, c.Key, string(text), at.Now.Add(life)); err != nil {
		return nil, err
	}
	return &Pushed{URI: uri, ExpiresIn: int64(life / time.Second)}, nil
}

// without are the parameters but for those of some names.
func without(in parameters, names ...string) (out parameters) {
	for _, f := range in {
		if !slices.Contains(names, f.Name) {
			out = append(out, f)
		}
	}
	return out
}
