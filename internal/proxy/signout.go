package proxy

import (
	"net/http"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/proxy/page"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// logout ends the session of a browser, and revokes what could renew it. Pages of other sites can lead people here, so that whoever may
// come from one is asked.
func (g *Gatekeeper) logout(w http.ResponseWriter, r *http.Request) error {
	back := local(r.URL.Query().Get("redirect"))
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case g.sessions == nil:
		render.Redirect(w, back)
		return nil
	case r.Method == http.MethodPost:
		if err := g.sameOrigin(r); err != nil {
			return err
		}
	case !g.fromHere(r):
		return g.askToSignOut(w, r)
	}
	s := g.sessions.Of(r, g.now())
	if s == nil {
		g.sessions.Drop(w, r) // what does not open is of no use either
		render.Redirect(w, back)
		return nil
	}
	g.sessions.End(w, r, s, g.now())
	if s.Refresh != "" {
		ctx, cancel := detached(r, g.config.Issuer.Timeout)
		defer cancel()
		if err := g.issuer.Revoke(ctx, s.Refresh); err != nil {
			g.log.WarnContext(ctx, "the refresh token of who signed out is not revoked", "cause", err)
		}
	}
	if !g.config.Session.EndAtIssuer {
		render.Redirect(w, back)
		return nil
	}
	to, err := g.issuer.LogoutURL(r.Context(), s.IDToken, g.config.Site.address(back))
	if err != nil || to == "" {
		g.log.WarnContext(r.Context(), "signed out here, and not at the issuer", "cause", err)
		to = back
	}
	render.Redirect(w, to)
	return nil
}

// askToSignOut lets a person say that they want to.
func (g *Gatekeeper) askToSignOut(w http.ResponseWriter, r *http.Request) error {
	p := page.Page{Title: "Sign out?", Text: "Another site may have led you here.", SignOut: r.URL.RequestURI()}
	u, err := url.Parse(g.config.Issuer.URL)
	if err != nil {
		return err
	}
	return p.Write(w, http.StatusOK, u.Scheme+"://"+u.Host) // where the button leads on to
}
