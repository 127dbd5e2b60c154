package proxy

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/mend"
	"github.com/tokenhouse/tokenhouse/internal/proxy/page"
	"github.com/tokenhouse/tokenhouse/internal/proxy/refusal"
	"github.com/tokenhouse/tokenhouse/internal/proxy/session"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// sendToSignIn sends a browser to the issuer, to come back to a path of this site.
func (g *Gatekeeper) sendToSignIn(w http.ResponseWriter, r *http.Request, back string) {
	on := session.NewWay(g.config.Site.address(g.config.Site.endpoint("callback")), local(back))
	to, err := g.issuer.AuthorizationURL(r.Context(), on.SignIn)
	if err == nil {
		err = g.sessions.Leave(w, r, on, g.now())
	}
	if err != nil {
		g.desk.Answer(w, r, refusal.Away(err), local(back))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	render.Redirect(w, to)
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
	if g.sessions == nil {
		return refusal.New(http.StatusNotFound, "not_found", "Nobody signs in here")
	}
	g.sendToSignIn(w, r, r.URL.Query().Get("redirect"))
	return nil
}

// callback ends a sign-in: whoever comes back with a code has it redeemed, if it is the answer to what this very browser began.
func (g *Gatekeeper) callback(w http.ResponseWriter, r *http.Request) error {
	if g.sessions == nil {
		return refusal.New(http.StatusNotFound, "not_found", "Nobody signs in here")
	}
	q := r.URL.Query()
	on, ok := g.began(r, q)
	if !ok {
		return refusal.New(http.StatusBadRequest, "invalid_request", "This sign-in was not begun in this browser, or too long ago").Look(mend.NoWay(g.config.Site.address("")))
	}
	g.sessions.Arrive(w, r, on)
	if err := g.answers(r.Context(), q); err != nil {
		return err
	}
	ctx, cancel := detached(r, g.config.Issuer.Timeout)
	defer cancel()
	t, err := g.issuer.Redeem(ctx, q.Get("code"), on.SignIn)
	g.metrics.Token("issued", err)
	switch {
	case errors.Is(err, issuer.ErrUnavailable), errors.Is(err, bearer.ErrUnavailable):
		return brokenOff(err)
	case err != nil:
		return refusal.New(http.StatusForbidden, "access_denied", "The sign-in was not confirmed").Because(err)
	}
	if _, err := g.verifier.Verify(ctx, t.Access, g.config.Issuer.Audience); err != nil {
		return g.unusable(r, err)
	}
	if err := g.sessions.Begin(w, r, t, g.now()); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	if g.config.Session.SameSite == http.SameSiteStrictMode {
		// A redirect would still be part of coming from the issuer, and the new cookie stay behind.
		return page.Page{Title: "Signed in", Text: "You are signed in.", Onward: local(on.Back)}.Write(w, http.StatusOK)
	}
	render.Redirect(w, local(on.Back))
	return nil
}

// brokenOff is of a sign-in whose code nobody redeemed: to ask for the same page again would bring a code that is used up.
func brokenOff(cause error) *refusal.Refusal {
	f := refusal.Away(cause)
	f.Anew = true
	return f
}

// unusable says why nobody can sign in with tokens like one that the issuer has just given: signing in again brings another one like it.
func (g *Gatekeeper) unusable(r *http.Request, err error) error {
	e, ok := errors.AsType[*bearer.Error](err)
	if !ok || e.Code == bearer.Unavailable || e.Reason == bearer.ErrAudience {
		return g.unproven(r, err)
	}
	return refusal.New(http.StatusBadGateway, "bad_gateway", "The issuer signs people in with tokens that are not good here: "+e.Description).Because(err).
		Look(g.advisor.Unusable(e, g.now()))
}

// began is the sign-in that a callback answers.
func (g *Gatekeeper) began(r *http.Request, q url.Values) (on session.Way, ok bool) {
	if g.sessions == nil || len(q["state"]) != 1 || len(q["code"]) > 1 || len(q["iss"]) > 1 {
		return on, false
	}
	on, ok = g.sessions.Way(r, q.Get("state"), g.now())
	on.Redirect = g.config.Site.address(g.config.Site.endpoint("callback"))
	return on, ok
}

// answers demands that a callback brings a code, and of this issuer (RFC 9207 §2.4).
func (g *Gatekeeper) answers(ctx context.Context, q url.Values) error {
	m, err := g.issuer.Metadata(ctx)
	if err != nil {
		return brokenOff(err)
	}
	switch iss := q.Get("iss"); {
	case iss != "" && iss != g.config.Issuer.URL, iss == "" && m.NamesItself:
		return refusal.New(http.StatusBadRequest, "invalid_request", "The answer is of another issuer").Because(errors.New("iss is " + iss))
	case q.Get("error") != "":
		return refusal.New(http.StatusForbidden, "access_denied", "The sign-in did not succeed").Because(errors.New(q.Get("error") + ": " + q.Get("error_description")))
	case q.Get("code") == "":
		return refusal.New(http.StatusBadRequest, "invalid_request", "The answer has no code")
	}
	return nil
}

// detached is a context for what must not be left half done when who asked for it leaves: a code, or a refresh token, is good
// once.
func detached(r *http.Request, timeout time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(r.Context()), timeout)
}
