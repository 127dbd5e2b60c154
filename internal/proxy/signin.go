package proxy

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

const (
	wayTime  = 10 * time.Minute // how long somebody may take to sign in
	maxWays  = 8                // sign-ins that a browser has begun, as with a tab for each
	maxState = 128
)

// way is the name of the cookie of one sign-in: each tab has its own, and none can be told another's answer.
func (g *Gatekeeper) way(state string) string {
	return g.config.Session.Cookie + "-login-" + state[:min(8, len(state))]
}

// sendToSignIn sends a browser to the issuer, to come back to a path of this site.
func (g *Gatekeeper) sendToSignIn(w http.ResponseWriter, r *http.Request, back string) error {
	s := issuer.SignIn{State: rand.Text(), Nonce: rand.Text(), Verifier: rand.Text() + rand.Text(), Redirect: g.config.Site.address(g.config.Site.endpoint("callback"))}
	to, err := g.issuer.AuthorizationURL(r.Context(), s)
	if err != nil {
		return err
	}
	g.forgetWays(w, r)
	now := g.now()
	if err := g.ways.Set(w, r, g.way(s.State), encode(s.State, s.Nonce, s.Verifier, local(back)), now, now.Add(wayTime), false); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	render.Redirect(w, to)
	return nil
}

// forgetWays drops the sign-ins that were begun and left, where there are many.
func (g *Gatekeeper) forgetWays(w http.ResponseWriter, r *http.Request) {
	begun := g.config.Session.Cookie + "-login"
	if g.ways.Count(r, begun) < maxWays {
		return
	}
	for _, c := range r.Cookies() {
		if g.ways.Owns(c.Name, begun) {
			_, state, _ := strings.Cut(c.Name, "-login-")
			g.ways.Clear(w, r, g.way(state))
		}
	}
}

// local is a path of this site, with its query: whatever leads elsewhere is the front page. Browsers take a backslash for a
// slash, and skip control characters.
func local(to string) string {
	u, err := url.Parse(to)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") ||
		strings.ContainsFunc(to, func(c rune) bool { return c <= ' ' || c == '\\' || c == 0x7f }) || len(to) > maxBack {
		return "/"
	}
	return to
}

// maxBack is how long a path may be that somebody comes back to, so that the cookie holds it.
const maxBack = 2000

// authorize begins a sign-in that a page asks for.
func (g *Gatekeeper) authorize(w http.ResponseWriter, r *http.Request) error {
	if g.jar == nil {
		return refused(http.StatusNotFound, "not_found", "Nobody signs in here")
	}
	return g.sendToSignIn(w, r, r.URL.Query().Get("redirect"))
}

// callback ends a sign-in: whoever comes back with a code has it redeemed, if it is the answer to what this very browser began.
func (g *Gatekeeper) callback(w http.ResponseWriter, r *http.Request) error {
	if g.jar == nil {
		return refused(http.StatusNotFound, "not_found", "Nobody signs in here")
	}
	q := r.URL.Query()
	s, back, ok := g.began(r, q)
	if !ok {
		return refused(http.StatusBadRequest, "invalid_request", "This sign-in was not begun in this browser, or too long ago")
	}
	g.ways.Clear(w, r, g.way(s.State))
	if err := g.answers(r.Context(), q); err != nil {
		return err
	}
	ctx, cancel := detached(r, g.config.Issuer.Timeout)
	defer cancel()
	t, err := g.issuer.Redeem(ctx, q.Get("code"), s)
	g.metrics.token("issued", err)
	switch {
	case errors.Is(err, issuer.ErrUnavailable):
		return away(err)
	case err != nil:
		return refused(http.StatusForbidden, "access_denied", "The sign-in was not confirmed").because(err)
	}
	if _, err := g.verifier.Verify(ctx, t.Access, g.config.Issuer.Audience); err != nil {
		return g.unproven(r, err)
	}
	if err := g.keep(w, r, g.newSession(t), t); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	if g.config.Session.SameSite == http.SameSiteStrictMode {
		// A redirect would still be part of coming from the issuer, and the new cookie stay behind.
		g.leadOn(w, back)
		return nil
	}
	render.Redirect(w, back)
	return nil
}

// began is the sign-in that a callback answers, and where it leads back to.
func (g *Gatekeeper) began(r *http.Request, q url.Values) (s issuer.SignIn, back string, ok bool) {
	state := q.Get("state")
	if state == "" || len(state) > maxState || len(q["state"]) != 1 || len(q["code"]) > 1 || len(q["iss"]) > 1 {
		return s, "", false
	}
	value, ok := g.ways.Get(r, g.way(state), g.now())
	if !ok || !decode(value, &s.State, &s.Nonce, &s.Verifier, &back) || subtle.ConstantTimeCompare([]byte(s.State), []byte(state)) != 1 {
		return s, "", false
	}
	s.Redirect = g.config.Site.address(g.config.Site.endpoint("callback"))
	return s, local(back), true
}

// answers demands that a callback brings a code, and of this issuer (RFC 9207 §2.4).
func (g *Gatekeeper) answers(ctx context.Context, q url.Values) error {
	m, err := g.issuer.Metadata(ctx)
	if err != nil {
		return away(err)
	}
	switch iss := q.Get("iss"); {
	case iss != "" && iss != g.config.Issuer.URL, iss == "" && m.NamesItself:
		return refused(http.StatusBadRequest, "invalid_request", "The answer is of another issuer").because(errors.New("iss is " + iss))
	case q.Get("error") != "":
		return refused(http.StatusForbidden, "access_denied", "The sign-in did not succeed").because(errors.New(q.Get("error") + ": " + q.Get("error_description")))
	case q.Get("code") == "":
		return refused(http.StatusBadRequest, "invalid_request", "The answer has no code")
	}
	return nil
}

// detached is a context for what must not be left half done when who asked for it leaves: a code, or a refresh token, is good
// once.
func detached(r *http.Request, timeout time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(r.Context()), timeout)
}
