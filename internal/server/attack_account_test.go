package server_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// hostileLink is a link or a form that leads to somebody else.
var hostileLink = regexp.MustCompile(`(href|action|src)="(https?:)?//evil|(href|action|src)="(javascript:|[^"?]*/\.\./)`)

// attackAccount is after people who look after their account. What other sites, sessions and people can send is in
// TestAccountFormsProveTheirPage and those after it.
func attackAccount(a *arena) {
	const signIn, devices = homesAccount + "/account-security/signing-in", homesAccount + "/account-security/device-activity"

	// No page can be framed, kept, or told of to others.
	ann := enters(a.T, a, "ann")
	for _, path := range []string{"", "/account-security/signing-in", "/account-security/device-activity", "/account-security/linked-accounts", "/applications", "/groups", "/nothing"} {
		q, err := http.NewRequestWithContext(a.Context(), http.MethodGet, a.base+homesAccount+path, nil)
		if err != nil {
			a.Fatal(err)
		}
		q.Header.Set("Accept", "text/html")
		for name, value := range ann.cookies {
			q.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		resp, err := http.DefaultTransport.RoundTrip(q)
		if err != nil {
			a.Fatal(err)
		}
		resp.Body.Close()
		h := resp.Header
		if h.Get("Cache-Control") != "no-store" || h.Get("X-Frame-Options") != "SAMEORIGIN" || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'self'") ||
			h.Get("Referrer-Policy") != "no-referrer" || h.Get("Access-Control-Allow-Origin") != "" {
			a.Errorf("%s: %d %v", path, resp.StatusCode, h)
		}
	}

	// Whoever is not in any more changes nothing by the form that is still open.
	for name, c := range map[string]struct {
		change, back func(g *guest)
		status       int
	}{
		"session ended": {change: func(g *guest) {
			if err := a.server.Store().EndSession(a.Context(), a.current().Key, a.session(g).ID, false); err != nil {
				a.Fatal(err)
			}
		}, status: 200},
		"user disabled": {change: func(*guest) { a.changeUser("ann", func(u *user.User) { u.Enabled = false }) },
			back: func(*guest) { a.changeUser("ann", func(u *user.User) { u.Enabled = true }) }, status: 200},
		"client disabled": {change: func(*guest) { a.client("account", func(c *realm.Client) { c.Enabled = false }) },
			back: func(*guest) { a.client("account", func(c *realm.Client) { c.Enabled = true }) }, status: 404},
		"client's part ended": {change: func(g *guest) { a.endPart(g, "account") }, status: 200},
		"realm disabled": {change: func(*guest) { a.settings(func(s *realm.Settings) { s.Enabled = false }) },
			back: func(*guest) { a.settings(func(s *realm.Settings) { s.Enabled = true }) }, status: 400},
	} {
		g := enters(a.T, a, "ann")
		seal := first(g, g.open(homesAccount), sealOf)
		c.change(g)
		for path, form := range map[string]url.Values{
			homesAccount:              {"email": {"evil@homes.test"}, "firstName": {"Evil"}, "lastName": {"Able"}},
			devices:                   {"others": {"true"}},
			signIn + "/ann-phone":     {},
			homesAccount + "/nothing": {},
		} {
			form.Set("stateChecker", seal)
			p := g.send(http.MethodPost, a.base+path, form)
			if p.status != c.status || strings.Contains(p.body, `data-page-id="account-`) {
				a.Errorf("%s, %s: %d %s", name, path, p.status, p.away)
			}
		}
		if c.back != nil {
			c.back(g)
		}
		if got := a.user("ann"); got.FirstName != "Ann" || got.Email != "ann@homes.test" {
			a.Errorf("%s: ann is %s <%s>", name, got.FirstName, got.Email)
		}
		ann.shows(ann.open(homesAccount), 200, `data-page-id="account-profile"`) // her other session goes on
	}

	// Nothing is linked to but an address of an application's own.
	for _, q := range []string{"referrer=garden&referrer_uri=https://evil.example/", "referrer=garden&referrer_uri=javascript:alert(1)", "referrer=garden&referrer_uri=//evil.example",
		"referrer=garden&referrer_uri=" + url.QueryEscape(a.base+"/garden/../../evil"), "referrer=evil&referrer_uri=https://evil.example/"} {
		if p := ann.open(homesAccount + "?" + q); hostileLink.MatchString(p.body) {
			a.Errorf("%s is linked to", q)
		}
	}
}
