package authorize

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
)

// Begin takes an authorization request up (OpenID Connect Core §3.1.2). What is wrong with it is part of the
// outcome; an error is technical, or fault.ErrNotFound where there is no such realm.
func (a *Authorizer) Begin(ctx context.Context, q BeginRequest) (*Outcome, error) {
	t, o, err := a.receive(ctx, q.Call)
	if t == nil {
		return o, err
	}
	checked, err := a.check(ctx, t, q.Parameters)
	if err != nil {
		return a.refused(ctx, t, checked, err)
	}
	if q.Path != "" && q.Path != login.Authenticate {
		if no := a.closedEntrance(t, q.Path); no != nil {
			no.alone = true
			return a.failed(ctx, t, &checked.q, no)
		}
	}
	return a.Start(ctx, t, checked.q, q.Path)
}

// refused ends a request that a rule refused. Other errors are technical.
func (a *Authorizer) refused(ctx context.Context, t *Turn, c *checking, err error) (*Outcome, error) {
	var no *refusal
	if !errors.As(err, &no) {
		return nil, err
	}
	c.describe(&t.Event, no)
	return a.failed(ctx, t, &c.q, no)
}

// describe puts what a request that was refused asked for into the event, as far as it was read.
func (c *checking) describe(e *event.Event, no *refusal) {
	if c.q.RedirectURI == "" {
		e.Set("redirect_uri", no.address)
		return
	}
	e.Set("redirect_uri", c.q.RedirectURI)
	e.Set("response_type", c.in.text("response_type"))
	_, known := login.ParseType(c.in.text("response_type"))
	_, ok := login.ModeOf(c.in.text("response_mode"), c.q.ResponseType)
	if ok && known && (!c.q.ResponseType.Tokens() || c.q.ResponseMode != login.ModeQuery) {
		e.Set("response_mode", c.q.ResponseMode.InEvents())
	}
}

// check holds a request against the rules. The error is a *refusal, or technical; the request is then as far read
// as it was understood.
func (a *Authorizer) check(ctx context.Context, t *Turn, in parameters) (*checking, error) {
	c := &checking{realm: t.At.Realm, base: t.At.Base}
	if in.count("client_id") == 1 {
		t.Event.Client = in.text("client_id")
	}
	if no := t.known(in); no != nil {
		return c, no
	}
	c.client, c.q.Client = t.Client, t.Client.ID
	unfolded, err := a.unfold(ctx, t.At, c, in)
	if err != nil {
		return c, err
	}
	if in.get("request") != nil || in.get("request_uri") != nil {
		c.beside = in.get("response_type")
	}
	if uri := in.text("request_uri"); strings.HasPrefix(uri, pushedURI) {
		c.pushed, c.q.Pushed = true, uri
	}
	if err := c.run(unfolded); err != nil {
		return c, err
	}
	return c, a.police(ctx, t.At, c, policy.Facts{Stage: policy.Authorization}, &t.Event)
}

// run asks the rules.
func (c *checking) run(in parameters) error {
	c.in = in
	for _, rule := range rules {
		if no := rule(c); no != nil {
			return no
		}
	}
	return nil
}

// known finds the client of a request. Where that is not known, nobody can be told but the person.
func (t *Turn) known(in parameters) *refusal {
	if in.count("client_id") != 1 {
		return onPage("invalid_request", "invalidRequestMessage").reasoned("Parameter 'client_id' not present or present multiple times in the HTTP request parameters")
	}
	c := t.At.Realm.Client(in.text("client_id"))
	switch {
	case c == nil:
		return onPage("client_not_found", "clientNotFoundMessage")
	case !c.OIDC():
		return onPage("invalid_client", "wrongClientProtocolMessage").reasoned("Wrong client protocol.")
	}
	t.Client = c
	switch {
	case !c.Enabled:
		return onPage("client_disabled", "clientDisabledMessage")
	case c.BearerOnly:
		no := onPage("not_allowed", "bearerOnlyMessage")
		no.status = 403
		return no
	}
	return nil
}

// describe puts the attempt into the event. What only a sign-in that is complete tells of is added then.
func (t *Turn) describe() {
	t.Event.Set("auth_method", "openid-connect")
	t.Event.Set("auth_type", "code") // whatever the response type: OpenID Connect, not what it gives out
	t.Event.Set("redirect_uri", t.Attempt.Request.RedirectURI)
	t.Event.Set("code_id", t.trail())
}

// trail is what events have in common that are about one browser's way to a session: its id, and before there is one
// what stands for the browser.
func (t *Turn) trail() string {
	if t.identity.Session != nil {
		return t.identity.Session.ID
	}
	return base64.RawURLEncoding.EncodeToString(fingerprint(t.Browser.ID))
}

// describeRequest puts what a request is for into an event.
func describeRequest(e *event.Event, q *login.Request) {
	e.Set("redirect_uri", q.RedirectURI)
	e.Set("response_type", q.ResponseType.String())
	e.Set("response_mode", q.ResponseMode.InEvents())
}

// EventOf is the beginning of an event beside that of the sign-in: about something that the user does or fails to do
// on its way, which was asked of them under a name.
func (t *Turn) EventOf(action string) event.Event {
	e := t.Event
	e.Error, e.Trace, e.Details = "", nil, nil
	e.Set("auth_method", "openid-connect")
	e.Set("code_id", t.trail())
	describeRequest(&e, &t.Attempt.Request)
	e.Set("remember_me", strconv.FormatBool(t.Attempt.Remember))
	e.Set("custom_required_action", action)
	if t.User != nil {
		e.UserID = t.User.ID
		e.Set("username", t.User.Username)
	}
	return e
}

// describeEnd says in the event how the client came to be allowed what it asked for, and whether the browser is to
// remember the user.
func (t *Turn) describeEnd() {
	switch {
	case t.Event.Get("consent") != "": // given now
	case t.Client.ConsentRequired:
		t.Event.Set("consent", "persistent_consent")
	default:
		t.Event.Set("consent", "no_consent_required")
	}
	if t.Attempt.Remember {
		t.Event.Set("remember_me", "true")
	}
}

// Start opens an attempt for a request that was checked, and takes the first step. The turn has the client.
func (a *Authorizer) Start(ctx context.Context, t *Turn, q login.Request, p login.Path) (*Outcome, error) {
	switch {
	case slices.Equal(q.Prompt, []string{login.PromptCreate}): // beside other words it is none
		p = login.Registration
	case p == "":
		p = login.Authenticate
	}
	a.open(t, q, p)
	if t.identity.Stale {
		t.forget()
	}
	levels, essential, ok := a.levels(t, &t.Attempt.Request)
	if !ok {
		describeRequest(&t.Event, &q)
		return a.failed(ctx, t, &q, onPage("invalid_request", "invalidParameterMessage", "claims").reasoned("Invalid requested essential acr value"))
	}
	t.describe()
	t.Attempt.Request.Levels, t.Attempt.Request.Essential = levels, essential
	if p != login.Authenticate {
		if no := a.closedEntrance(t, p); no != nil {
			o, err := a.failed(ctx, t, &q, no)
			if err != nil {
				return nil, err
			}
			o.Begun = true
			return o, nil
		}
		return a.enter(ctx, t)
	}
	if q.Asks(login.PromptNone) {
		return a.advance(ctx, t)
	}
	restart, err := a.restartCookie(ctx, t.At, &t.Attempt.Request)
	if err != nil {
		return nil, err
	}
	t.SetCookie(restart)
	if q.Pushed != "" || q.Device != "" { // the address bar loses its parameter
		return a.leadOn(ctx, t, "")
	}
	return a.advance(ctx, t)
}

// forget clears the cookies of a session that is no more; twice where it was too old, as Keycloak does, which finds
// it so at two places.
func (t *Turn) forget() {
	for _, c := range Forget() {
		t.SetCookie(c)
		if t.identity.Ended {
			t.SetCookie(c)
		}
	}
}

func (a *Authorizer) levels(t *Turn, q *login.Request) (wanted []int, essential, ok bool) {
	return levels(t.At.Realm, t.Client, q.ACR())
}

// elsewhere leads to the identity provider that the request names, or else the one that the realm signs people in
// by, instead of asking for a password; nil where there is none. From an attempt where that led to nothing the
// sign-in page is shown.
func (a *Authorizer) elsewhere(ctx context.Context, t *Turn) (*Outcome, error) {
	if a.Providers == nil || t.Attempt.Notes[noteNotice] != "" {
		return nil, nil
	}
	t.Attempt.Path, t.Attempt.Execution = login.Authenticate, login.FactorPassword
	before := t.Attempt.Code
	t.Attempt.Code = a.NewToken()
	to, err := a.Providers.Preferred(ctx, t)
	if err != nil || to == "" {
		t.Attempt.Code = before
		return nil, err
	}
	return a.Leave(ctx, t, to, 303)
}

// entrance is the way in of a path; nil where there is none.
func (a *Authorizer) entrance(p login.Path) Entrance {
	for _, e := range a.Entrances {
		if e.Path() == p {
			return e
		}
	}
	return nil
}

// closedEntrance tells why a way in is closed; nil where it is open.
func (a *Authorizer) closedEntrance(t *Turn, p login.Path) *refusal {
	e := a.entrance(p)
	if e == nil {
		if p == login.Reset {
			return onPage("not_allowed", "resetCredentialNotAllowedMessage")
		}
		return onPage("not_allowed", "registrationNotAllowedMessage")
	}
	if key := e.Open(t); key != "" {
		return onPage("not_allowed", key)
	}
	return nil
}

// refuse ends the attempt: the client is told, and the tab closed.
func (a *Authorizer) refuse(ctx context.Context, t *Turn, e *oauth.Error) (*Outcome, error) {
	q := t.Attempt.Request
	switch {
	case t.Attempt.Errand != nil:
		return a.end(ctx, t, page.Info{Message: page.T("accountNotUpdatedMessage"), Back: t.back()}, e)
	case q.Device != "":
		return a.refuseDevice(ctx, t, e)
	}
	if err := a.close(ctx, t); err != nil {
		return a.twice(t, err)
	}
	if e.Code != loginRequired && e.Code != interactionRequired { // applications ask whether somebody is there all the time
		a.record(ctx, t, e)
	}
	o, err := a.failure(ctx, t.At, &q, e)
	if err != nil {
		return nil, err
	}
	return t.with(o), nil
}

// refuseDevice ends the wait of a device. Its tab stays, as in Keycloak, and stands at its beginning: whoever goes on
// there is told that the code is good no more.
func (a *Authorizer) refuseDevice(ctx context.Context, t *Turn, e *oauth.Error) (*Outcome, error) {
	if err := a.Devices.Deny(ctx, t); err != nil {
		return nil, err
	}
	a.record(ctx, t, e)
	t.Attempt.Restart()
	t.Attempt.Touched = t.At.Now
	if err := a.save(ctx, t); err != nil {
		return a.twice(t, err)
	}
	return t.with(&Outcome{Redirect: t.URL("/device/status?error=" + string(e.Code))}), nil
}

// close takes the attempt out of the browser. With its last one nothing is left to begin again.
func (a *Authorizer) close(ctx context.Context, t *Turn) error {
	t.Browser.Close(t.opened)
	t.Browser.Close(t.Attempt.Tab)
	if !t.fresh {
		if err := a.save(ctx, t); err != nil {
			return err
		}
	}
	if t.Browser.Empty() && t.Cookies[CookieRestart] != "" {
		t.SetCookie(Cookie{Name: CookieRestart, HTTPOnly: true, Clear: true})
	}
	return nil
}
