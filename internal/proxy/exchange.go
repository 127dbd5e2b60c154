package proxy

import (
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/brokerclient"
	"github.com/tokenhouse/tokenhouse/internal/proxy/refusal"
)

// swap is the caller with a token for an audience in place of their own: the upstream sees no token that is meant for another. One
// that was exchanged for is kept for this very token and audience until 30 seconds before it ends.
func (g *Gatekeeper) swap(r *http.Request, c *caller, audience string) (*caller, error) {
	if c.Claims.Confirmation != nil {
		return nil, refusal.New(http.StatusForbidden, "access_denied", "A token that is bound to its holder is not exchanged here: come with one that is not bound").
			Because(errors.New("exchange-to " + audience + ": only the holder could prove at the issuer that they have it")).By(c.Identity)
	}
	t, err := g.broker.Exchange(r.Context(), brokerclient.Request{SubjectToken: c.token, Audience: []string{audience}})
	if err != nil {
		g.metrics.Token("exchanged", err)
		return nil, g.unswapped(err, c, audience)
	}
	claims, err := g.verifier.Verify(r.Context(), t.Access, audience)
	if err != nil {
		g.broker.Drop(t)
		return nil, refusal.New(http.StatusBadGateway, "bad_gateway", "The issuer exchanged the token for one that "+audience+" would not take").Because(err).By(c.Identity)
	}
	return g.proven(t.Access, claims)
}

// unswapped says why there is no token for an upstream.
func (g *Gatekeeper) unswapped(err error, c *caller, audience string) error {
	e, ok := errors.AsType[*brokerclient.Error](err)
	switch {
	case !ok || e.Code == "" || e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests:
		return refusal.Away(err)
	case errors.Is(err, brokerclient.ErrSubject):
		f := refusal.New(http.StatusUnauthorized, "invalid_token", "The token ended before its time").Because(err).By(c.Identity)
		f.SignIn = c.session != ""
		return f
	}
	f := refusal.New(http.StatusForbidden, "access_denied", "There is no token for "+audience+" for you").Because(err).By(c.Identity)
	f.Hidden = g.advisor.Unexchanged(e, c.Claims.Client, audience)
	return f
}
