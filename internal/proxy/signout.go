package proxy

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// logout ends the session of a browser, and revokes what could renew it. Pages of other sites can lead people here, so that whoever
// comes from one is asked.
func (g *Gatekeeper) logout(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodPost {
		if err := g.sameOrigin(r); err != nil {
			return err
		}
	} else if site := r.Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		g.askToSignOut(w, r)
		return nil
	}
	back := local(r.URL.Query().Get("redirect"))
	w.Header().Set("Cache-Control", "no-store")
	s := g.session(r)
	if s == nil {
		if g.jar != nil {
			g.jar.Clear(w, r, g.config.Session.Cookie) // what does not open is of no use either
		}
		render.Redirect(w, back)
		return nil
	}
	g.jar.Clear(w, r, g.config.Session.Cookie)
	g.ended.add(s.id, g.now().Add(g.config.Session.Duration), g.now())
	if s.refresh != "" {
		ctx, cancel := detached(r, g.config.Issuer.Timeout)
		defer cancel()
		if err := g.issuer.Revoke(ctx, s.refresh); err != nil {
			g.log.WarnContext(ctx, "the refresh token of who signed out is not revoked", "cause", err)
		}
	}
	if !g.config.Session.EndAtIssuer {
		render.Redirect(w, back)
		return nil
	}
	to, err := g.issuer.LogoutURL(r.Context(), s.idToken, g.config.Site.address(back))
	if err != nil || to == "" {
		g.log.WarnContext(r.Context(), "signed out here, and not at the issuer", "cause", err)
		to = back
	}
	render.Redirect(w, to)
	return nil
}
