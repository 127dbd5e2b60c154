package proxy

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/identity"
	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/refusal"
	"github.com/tokenhouse/tokenhouse/internal/proxy/session"
)

// caller is who sent a request, proven.
type caller struct {
	*identity.Identity
	token   string
	session string // id of the session that the token is of; empty: of none
	bound   bool   // the token came with a proof of possession, which the upstream may want to see
}

// identities are those of tokens that were seen, so that claims are read once. They prove nothing.
type identities struct {
	*otter.Cache[[sha256.Size]byte, *identity.Identity]
}

// maxIdentities is how many are kept.
const maxIdentities = 10_000

func newIdentities() identities {
	return identities{otter.Must(&otter.Options[[sha256.Size]byte, *identity.Identity]{MaximumSize: maxIdentities})}
}

// proven is the caller with a token that the verifier took, and what it says.
func (g *Gatekeeper) proven(token string, claims *bearer.Claims) (*caller, error) {
	key := sha256.Sum256([]byte(token))
	if i, ok := g.known.GetIfPresent(key); ok {
		return &caller{Identity: i, token: token}, nil
	}
	i, err := g.reader.Read(token, claims)
	if err != nil {
		return nil, refusal.New(http.StatusUnauthorized, "invalid_token", "The token cannot be read").Because(err)
	}
	g.known.Set(key, i)
	return &caller{Identity: i, token: token}, nil
}

// caller is who sent a request, by the token in its header or by the session in its cookies. A session that was renewed is
// given to the browser with the answer.
func (g *Gatekeeper) caller(w http.ResponseWriter, r *http.Request) (*caller, error) {
	if token, scheme := credentials(r); scheme != "" {
		claims, err := g.verifier.VerifyRequest(r, g.config.Issuer.Audience)
		if err != nil {
			return nil, g.unproven(r, err)
		}
		c, err := g.proven(token, claims)
		if err == nil {
			c.bound = scheme == "dpop"
		}
		return c, err
	}
	var s *session.Session
	if g.sessions != nil {
		s = g.sessions.Of(r, g.now())
	}
	if s == nil {
		return nil, refusal.Unsigned()
	}
	if err := g.sameOrigin(r); err != nil {
		return nil, err
	}
	claims, err := g.verifier.Verify(r.Context(), s.Access, g.config.Issuer.Audience)
	if s.Refresh != "" && (worn(err) || err == nil && claims.Expires.Sub(g.now()) < early) {
		renewed := g.renewed(w, r, s)
		if renewed == nil {
			claims, err = g.verifier.Verify(r.Context(), s.Access, g.config.Issuer.Audience)
		} else if err != nil {
			return nil, renewed
		}
	}
	if err != nil {
		err = g.unproven(r, err)
		if known, ok := errors.AsType[*refusal.Refusal](err); ok && known.Status == http.StatusUnauthorized {
			g.sessions.Drop(w, r)
			known.SignIn = known.Audience == nil
		}
		return nil, err
	}
	c, err := g.proven(s.Access, claims)
	if err == nil {
		c.session = s.ID
	}
	return c, err
}

// worn tells whether the token of a session, which was good once, is so no more: it has ended, or its key is withdrawn.
func worn(err error) bool {
	e, ok := errors.AsType[*bearer.Error](err)
	return ok && e.Code == bearer.InvalidToken && e.Reason != bearer.ErrAudience
}

// early is how long before its end an access token is renewed, so that it lasts for the request that it goes with.
const early = 10 * time.Second

// renewed renews the tokens of a session. What went wrong is said as a refusal.
func (g *Gatekeeper) renewed(w http.ResponseWriter, r *http.Request, s *session.Session) error {
	t, err := g.sessions.Renew(r.Context(), s.Refresh, g.now, func() (issuer.Tokens, error) {
		ctx, cancel := detached(r, g.config.Issuer.Timeout)
		defer cancel()
		t, err := g.issuer.Refresh(ctx, s.Refresh)
		g.metrics.token("renewed", err)
		return t, err
	})
	if _, over := errors.AsType[*issuer.Refused](err); over {
		g.sessions.Drop(w, r)
		return refusal.Unsigned().Because(err)
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

// credentials are the token of a request's header, and its scheme in small letters. Other schemes than those of access tokens
// are none.
func credentials(r *http.Request) (token, scheme string) {
	scheme, token, _ = strings.Cut(r.Header.Get("Authorization"), " ")
	switch scheme = strings.ToLower(scheme); scheme {
	case "bearer", "dpop":
		return strings.TrimSpace(token), scheme
	}
	return "", ""
}

// unproven says why a token is refused.
func (g *Gatekeeper) unproven(r *http.Request, err error) error {
	e, ok := errors.AsType[*bearer.Error](err)
	switch {
	case !ok:
		return err
	case e.Code == bearer.Unavailable:
		return refusal.Away(err)
	case e.Reason == bearer.ErrAudience && e.Claims != nil:
		return g.misdirected(r.Context(), e)
	}
	return refusal.New(e.Code.Status(), string(e.Code), e.Description).Because(err)
}

// misdirected refuses a token that is genuine but for somebody else, and says how to make it be for this gatekeeper too.
func (g *Gatekeeper) misdirected(ctx context.Context, e *bearer.Error) *refusal.Refusal {
	f := refusal.New(http.StatusUnauthorized, string(e.Code), e.Description)
	f.Audience, f.Want = e.Claims.Audience, e.WantAudience
	if f.Audience == nil {
		f.Audience = []string{}
	}
	f.Fixes, f.Hidden = g.advisor.Misdirected(ctx, e.Claims)
	return f
}
