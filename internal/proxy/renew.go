package proxy

import (
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/refusal"
	"github.com/tokenhouse/tokenhouse/internal/proxy/session"
)

// bySession is the caller with the session in a request's cookies, which is renewed where that is due.
func (g *Gatekeeper) bySession(w http.ResponseWriter, r *http.Request, s *session.Session) (*caller, error) {
	if err := g.sameOrigin(r); err != nil {
		return nil, err
	}
	claims, err := g.verifier.Verify(r.Context(), s.Access, g.config.Issuer.Audience)
	if s.Due(claims, err, g.now()) {
		renewed := g.renewed(w, r, s)
		if renewed == nil {
			claims, err = g.verifier.Verify(r.Context(), s.Access, g.config.Issuer.Audience)
		} else if err != nil {
			return nil, renewed // a token that is still good does meanwhile
		}
	}
	if err != nil {
		return nil, g.over(w, r, err)
	}
	c, err := g.proven(s.Access, claims)
	if err == nil {
		c.session = s.ID
	}
	return c, err
}

// over says why the token of a session is refused. A session with a token that is bad for good is over.
func (g *Gatekeeper) over(w http.ResponseWriter, r *http.Request, err error) error {
	err = g.unproven(r, err)
	if f, ok := errors.AsType[*refusal.Refusal](err); ok && f.Status == http.StatusUnauthorized {
		g.sessions.Drop(w, r)
		f.SignIn = f.Audience == nil
	}
	return err
}

// renewed renews the tokens of a session. What went wrong is said as a refusal.
func (g *Gatekeeper) renewed(w http.ResponseWriter, r *http.Request, s *session.Session) error {
	t, err := g.sessions.Renew(r.Context(), s.Refresh, g.now, func() (issuer.Tokens, error) {
		ctx, cancel := detached(r, g.config.Issuer.Timeout)
		defer cancel()
		t, err := g.issuer.Refresh(ctx, s.Refresh)
		g.metrics.Token("renewed", err)
		return t, err
	})
	if refused, ok := errors.AsType[*issuer.Refused](err); ok && !refused.OfClient() {
		g.sessions.Drop(w, r)
		f := refusal.Unsigned().Because(err)
		f.Text = "The session has ended at the issuer"
		return f
	}
	if err != nil {
		return refusal.Away(err)
	}
	if err := g.sessions.Keep(w, r, s, t, g.now()); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store") // what sets a cookie is nobody else's
	return nil
}
