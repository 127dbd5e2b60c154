package proxy

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
)

// exchanges are tokens for upstreams that were got for callers' tokens, kept until shortly before they end.
type exchanges struct {
	*otter.Cache[[sha256.Size]byte, *swapped]
}

// swapped is a token that names an upstream.
type swapped struct {
	caller
	until time.Time // no longer given out from then on
}

const (
	maxExchanges = 10_000
	spare        = 30 * time.Second // that a token given to an upstream lasts at least, where it can
)

func newExchanges() exchanges {
	return exchanges{otter.Must(&otter.Options[[sha256.Size]byte, *swapped]{MaximumSize: maxExchanges})}
}

// swap is the caller with a token for an audience in place of their own: the upstream sees no token that is meant for another.
// Callers with the same token share one exchange.
func (g *Gatekeeper) swap(r *http.Request, c *caller, audience string) (*caller, error) {
	key := sha256.Sum256(encode(c.token, audience))
	load := otter.LoaderFunc[[sha256.Size]byte, *swapped](func(context.Context, [sha256.Size]byte) (*swapped, error) {
		return g.exchange(r, c, audience)
	})
	s, err := g.exchanged.Get(r.Context(), key, load)
	if err == nil && !g.now().Before(s.until) {
		g.exchanged.Invalidate(key)
		s, err = g.exchanged.Get(r.Context(), key, load)
	}
	if err != nil {
		return nil, g.unswapped(r.Context(), err, c, audience)
	}
	return &s.caller, nil
}

// exchange asks the issuer for a token, and holds it to what was asked for.
func (g *Gatekeeper) exchange(r *http.Request, c *caller, audience string) (*swapped, error) {
	ctx, cancel := detached(r, g.config.Issuer.Timeout) // others may wait for it too
	defer cancel()
	t, err := g.issuer.Exchange(ctx, c.token, audience)
	g.metrics.token("exchanged", err)
	if err != nil {
		return nil, err
	}
	if _, err := g.verifier.Verify(ctx, t.Access, audience); err != nil {
		return nil, err
	}
	to, err := g.proven(t.Access)
	if err != nil {
		return nil, err
	}
	until := to.expires.Add(-spare)
	if soon := g.now().Add(time.Second); until.Before(soon) {
		until = soon // for those who wait for it now
	}
	return &swapped{*to, until}, nil
}

// unswapped says why there is no token for an upstream.
func (g *Gatekeeper) unswapped(ctx context.Context, err error, c *caller, audience string) error {
	refusedBy, ok := errors.AsType[*issuer.Refused](err)
	switch {
	case errors.Is(err, issuer.ErrUnavailable):
		return away(err)
	case !ok:
		return err
	case refusedBy.Code == "invalid_token" || refusedBy.Code == "invalid_grant":
		return unsigned().because(err) // the caller's token ended before its time
	}
	f := refused(http.StatusForbidden, "access_denied", "There is no token for "+audience+" for you").because(err).by(c)
	f.hidden = g.explained(ctx, "exchange", question{Client: g.config.Issuer.ClientID, SubjectClient: c.client, User: c.text("preferred_username"), Audience: []string{audience}})
	return f
}
