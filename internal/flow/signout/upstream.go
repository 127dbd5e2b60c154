package signout

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// onward is a provider that a browser is to sign out at, too.
type onward struct {
	url   string // empty: none
	state string // that it comes back with
}

// upstream finds the provider that the user of one of these sessions came from: the browser's own counts first. A
// browser can be sent to one only.
func (t *turn) upstream(ctx context.Context, over map[string]*session.Session) (onward, error) {
	state := t.NewToken()
	if own := t.identity.Session; own != nil {
		if url, err := t.Upstream.LogoutURL(ctx, t.at, own, state); url != "" || err != nil {
			return onward{url, state}, err
		}
	}
	for _, s := range over {
		if url, err := t.Upstream.LogoutURL(ctx, t.at, s, state); url != "" || err != nil {
			return onward{url, state}, err
		}
	}
	return onward{}, nil
}

// passOn sends the browser to the provider, and remembers what is to happen when it comes back. The sessions here
// have ended, whether it does or not.
func (t *turn) passOn(ctx context.Context, w *wish, on onward, front []page.FrontChannelClient) (*authorize.Outcome, error) {
	d := login.Departure{Tab: on.state, RedirectURI: w.redirectURI, State: w.state}
	if w.client != nil {
		d.Client = w.client.ID
	}
	o := &authorize.Outcome{Redirect: on.url}
	if len(front) > 0 {
		o = &authorize.Outcome{Page: page.FrontChannelLogout{Clients: front, NextURL: on.url}}
	}
	if t.browser == nil {
		t.browser = &login.Browser{ID: t.NewToken(), Started: t.at.Now}
		o.Cookies = []authorize.Cookie{{Name: authorize.CookieBrowser, Value: t.browser.ID, HTTPOnly: true}}
	}
	return o, t.save(ctx, func(b *login.Browser) {
		b.Tabs, b.Leaving = nil, nil
		b.Leave(d)
	})
}

// accountClient is where the last page leads to, as in Keycloak.
const accountClient = "account"

// ReturnRequest is a browser that comes back from signing out at a provider.
type ReturnRequest struct {
	authorize.Call
	State string
}

// Returned goes on where the browser left for its provider. Nothing that the request brings decides where that is.
func (e *Ender) Returned(ctx context.Context, q ReturnRequest) (*authorize.Outcome, error) {
	t, err := e.begin(ctx, q.Call)
	if err != nil {
		return nil, err
	}
	var d *login.Departure
	if t.browser != nil {
		d = t.browser.Departure(q.State)
	}
	if d == nil || d.Code != "" { // a page that asks is no return
		return t.fail(ctx)
	}
	w := &wish{client: t.at.Realm.Client(accountClient), redirectURI: d.RedirectURI, state: d.State}
	if err := t.save(ctx, func(b *login.Browser) { b.Return(q.State) }); err != nil {
		return nil, err
	}
	o := t.farewell(w, nil)
	if t.identity.Session == nil { // nobody signed in meanwhile
		o.Cookies = t.farewellCookies()
	}
	return o, nil
}
