package signout

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/url"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// ask shows the page that asks whether to sign out, and remembers what is to happen then.
func (t *turn) ask(ctx context.Context, w *wish) (*authorize.Outcome, error) {
	d := login.Departure{Tab: t.NewToken(), Code: t.NewToken(), RedirectURI: w.redirectURI, State: w.state}
	if w.client != nil {
		d.Client = w.client.ID
	}
	var cookies []authorize.Cookie
	if t.browser == nil {
		t.browser = &login.Browser{ID: t.NewToken(), Started: t.at.Now}
		cookies = []authorize.Cookie{{Name: authorize.CookieBrowser, Value: t.browser.ID, HTTPOnly: true}}
	}
	if err := t.save(ctx, func(b *login.Browser) { b.Leave(d) }); err != nil {
		return nil, err
	}
	return &authorize.Outcome{Page: t.question(&d), Cookies: cookies}, nil
}

// question is the page of a departure.
func (t *turn) question(d *login.Departure) page.LogoutConfirm {
	q := url.Values{"tab_id": {d.Tab}}
	if d.Client != "" {
		q.Set("client_id", d.Client)
	}
	p := page.LogoutConfirm{Code: d.Code}
	issuer, _ := url.Parse(t.url("/protocol/openid-connect/logout/logout-confirm"))
	p.Action = issuer.EscapedPath() + "?" + q.Encode() // relative, as Keycloak's
	if c := t.at.Realm.Client(d.Client); c != nil {
		p.Back = page.Link{URL: c.Home(t.at.Base), Text: page.T("backToApplication")}
	}
	return p
}

// ConfirmRequest is what the page sends that asked whether to sign out.
type ConfirmRequest struct {
	authorize.Call
	Tab  string  // parameter "tab_id" of its address
	Code *string // "session_code" of its form; nil: the page is asked for once more
}

// Confirm signs a browser out that was asked. Only its own page can bring the code.
func (e *Ender) Confirm(ctx context.Context, q ConfirmRequest) (*authorize.Outcome, error) {
	t, err := e.begin(ctx, q.Call)
	if err != nil {
		return nil, err
	}
	var d *login.Departure
	if t.browser != nil {
		d = t.browser.Departure(q.Tab)
	}
	switch {
	case d == nil && q.Code == nil && t.identity.Session == nil:
		return &authorize.Outcome{Page: t.done(nil), Status: badRequest}, nil // as Keycloak
	case d == nil:
		return t.fail(ctx)
	case q.Code == nil:
		return &authorize.Outcome{Page: t.question(d)}, nil
	case subtle.ConstantTimeCompare([]byte(*q.Code), []byte(d.Code)) != 1:
		return t.fail(ctx)
	}
	return t.leave(ctx, &wish{client: t.at.Realm.Client(d.Client), redirectURI: d.RedirectURI, state: d.State})
}

// errCode is in the event of a form that did not bring its code.
var errCode = oauth.Errorf(oauth.InvalidRequest, "wrong session code").InEvent("session_expired", "")

// fail says that the form was not that of a page of this browser, and where to begin again.
func (t *turn) fail(ctx context.Context) (*authorize.Outcome, error) {
	t.record(ctx, errCode)
	return &authorize.Outcome{Status: badRequest, Page: page.Error{Message: page.T("failedLogout"), ID: t.event.ID,
		RetryTo: t.url("/protocol/openid-connect/logout")}}, nil
}

// attempts is how often a write of a browser is tried whose tabs are busy.
const attempts = 8

// save changes what is kept of the browser, where other tabs may change it too.
func (t *turn) save(ctx context.Context, change func(*login.Browser)) error {
	var err error
	for range attempts {
		change(t.browser)
		t.browser.Used = t.at.Now
		err = t.Logins.SaveLogin(ctx, t.at.Realm.Key, t.browser, t.at.Now.Add(t.keep()))
		if !errors.Is(err, fault.ErrStale) {
			return err
		}
		now, gone := t.Logins.Login(ctx, t.at.Realm.Key, t.browser.ID)
		switch {
		case errors.Is(gone, fault.ErrNotFound):
			now = &login.Browser{ID: t.browser.ID, Started: t.browser.Started}
		case gone != nil:
			return gone
		}
		t.browser = now
	}
	return err
}

// keep is how long the page waits for an answer.
func (t *turn) keep() time.Duration {
	return max(t.at.Realm.Lifespans.Login, t.at.Realm.Lifespans.UserAction) + time.Minute
}

// forget gives up what the browser has begun: nothing of it goes on after it has signed out.
func (t *turn) forget(ctx context.Context) error {
	if t.browser == nil {
		return nil
	}
	return t.save(ctx, func(b *login.Browser) { b.Tabs, b.Leaving = nil, nil })
}
