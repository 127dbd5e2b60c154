package signout

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// Logout signs a browser out at a client's wish. Without an ID token that shows that the client knows the session
// a page asks first: else any page of the web could sign people out. Offline sessions stay.
func (e *Ender) Logout(ctx context.Context, q Request) (*authorize.Outcome, error) {
	t, err := e.begin(ctx, q.Call)
	if err != nil {
		return nil, err
	}
	w, err := t.check(q)
	if err != nil {
		return t.refuse(ctx, err)
	}
	switch {
	case w.hint != nil && !t.suspect(&w):
		return t.leave(ctx, &w)
	case w.hint == nil && t.identity.Session == nil && w.redirectURI != "":
		return t.leave(ctx, &w) // there is nothing to ask
	}
	return t.ask(ctx, &w)
}

// refuse shows why a wish is not fulfilled; technical errors pass.
func (t *turn) refuse(ctx context.Context, err error) (*authorize.Outcome, error) {
	why, ok := errors.AsType[*refusal](err)
	if !ok {
		return nil, err
	}
	t.record(ctx, err)
	p := page.Error{Message: why.text, ID: t.event.ID}
	if why.client != nil {
		p.Back = why.client.Home(t.at.Base)
	}
	if why.text.Key == "invalidRedirectUriMessage" && why.client != nil {
		p.Fix = "If the post_logout_redirect_uri of the request is the application's own, register it, exactly as it is sent."
		p.Command = registering(t.at.Realm, why.client, why.uri)
	}
	return &authorize.Outcome{Page: p, Status: badRequest}, nil
}

// badRequest is the HTTP status of a page about a request that is wrong.
const badRequest = 400

// leave ends the sessions that the wish is about: that of the ID token, and the browser's own.
func (t *turn) leave(ctx context.Context, w *wish) (*authorize.Outcome, error) {
	over := map[string]*session.Session{}
	if s := t.identity.Session; s != nil {
		over[s.ID] = s
	}
	if w.hint != nil && w.hint.Session != "" {
		s, err := t.Sessions.Session(ctx, t.at.Realm.Key, w.hint.Session, false)
		switch {
		case err == nil && s.UserID == w.hint.Subject:
			over[s.ID] = s
		case err != nil && !errors.Is(err, fault.ErrNotFound):
			return nil, err
		}
	}
	on, err := t.upstream(ctx, over)
	if err != nil {
		return nil, err
	}
	var front []page.FrontChannelClient
	for _, s := range over {
		told, err := t.end(ctx, s)
		if err != nil {
			return nil, err
		}
		front = append(front, told...)
	}
	if on.url != "" {
		return t.passOn(ctx, w, on, front)
	}
	if err := t.forget(ctx); err != nil {
		return nil, err
	}
	o := t.farewell(w, front)
	o.Cookies = t.farewellCookies()
	return o, nil
}

// end ends a session and tells its clients. Those that a browser must tell are given back.
func (t *turn) end(ctx context.Context, s *session.Session) ([]page.FrontChannelClient, error) {
	key := t.at.Realm.Key
	due, err := t.Herald.Due(ctx, t.at.Realm, session.Query{ID: s.ID})
	if err != nil {
		return nil, err
	}
	grants, err := t.Sessions.Grants(ctx, key, s.ID, false)
	if err != nil {
		return nil, err
	}
	if err := t.Sessions.EndSession(ctx, key, s.ID, false); err != nil {
		return nil, err
	}
	t.event.UserID, t.event.Session = s.UserID, s.ID
	front, err := t.front(ctx, s, grants)
	t.record(ctx, nil)
	t.Herald.Tell(ctx, t.at, due)
	return front, err
}

// front are the clients that a browser must tell that a session ended.
func (t *turn) front(ctx context.Context, s *session.Session, grants []session.Grant) ([]page.FrontChannelClient, error) {
	var front []page.FrontChannelClient
	for _, g := range grants {
		c := t.at.Realm.ClientByKey(g.Client)
		if c == nil || !c.Enabled || !c.Logout.FrontChannel {
			continue
		}
		address := t.frontChannel(c, s)
		if address == "" {
			continue
		}
		opens, err := t.mayOpen(ctx, c)
		if err != nil {
			return nil, err
		}
		if opens {
			front = append(front, page.FrontChannelClient{Name: c.ID, URL: address})
		}
	}
	return front, nil
}

// mayOpen tells whether the client policies let the browser open the address of a client. Where they do not, the session
// has ended all the same: nobody is kept signed in by a policy, and the event says why the client was not told.
func (t *turn) mayOpen(ctx context.Context, c *realm.Client) (bool, error) {
	if len(t.at.Realm.Policies) == 0 {
		return true, nil
	}
	f := policy.Facts{Stage: policy.FrontChannel, Issuer: t.at.Realm.Issuer(t.at.Base), Client: c}
	v, err := t.Policies.Judge(ctx, t.at.Realm, f, &t.event)
	if no := v.Refuse; no != nil {
		t.event.Set("client_policy_error", string(no.Code))
		t.event.Set("client_policy_error_detail", c.ID+": "+no.Description)
		return false, nil
	}
	return err == nil, err
}

// frontChannel is what the browser opens to tell a client that a session ended (Front-Channel Logout 1.0 §2).
func (t *turn) frontChannel(c *realm.Client, s *session.Session) string {
	address := c.FrontChannelURL(t.at.Base)
	if address == "" || c.Logout.FrontChannelPlain {
		return address
	}
	return withQuery(address, "iss", t.at.Realm.Issuer(t.at.Base), "sid", s.ID)
}

// farewell is what the browser is shown at the end, or where it goes.
func (t *turn) farewell(w *wish, front []page.FrontChannelClient) *authorize.Outcome {
	next := w.redirectURI
	if next != "" && w.state != nil {
		next = withQuery(next, "state", *w.state)
	}
	switch {
	case len(front) > 0:
		return &authorize.Outcome{Page: page.FrontChannelLogout{Clients: front, NextURL: next}}
	case next != "":
		return &authorize.Outcome{Redirect: next}
	}
	return &authorize.Outcome{Page: t.done(w.client)}
}

// done says that the browser is signed out.
func (t *turn) done(c *realm.Client) page.Info {
	p := page.Info{Message: page.T("successLogout"), Kind: page.Success}
	if c != nil {
		p.Back = page.Link{URL: c.Home(t.at.Base), Text: page.T("backToApplication")}
	}
	return p
}

// farewellCookies take away what the browser has, and nothing that it has not.
func (t *turn) farewellCookies() []authorize.Cookie {
	var out []authorize.Cookie
	if t.browser == nil { // a name that nobody else can have given it
		out = append(out, authorize.Cookie{Name: authorize.CookieBrowser, Value: t.NewToken(), HTTPOnly: true})
	}
	for _, c := range append(authorize.Forget(), authorize.Cookie{Name: authorize.CookieRemember, HTTPOnly: true, Clear: true}) {
		if _, has := t.cookies[c.Name]; has {
			out = append(out, c)
		}
	}
	return out
}
