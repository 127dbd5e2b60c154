package proxy

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"strings"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/identity"
	"github.com/tokenhouse/tokenhouse/internal/proxy/refusal"
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
		return g.byToken(r, token, scheme)
	}
	if g.sessions != nil {
		if s := g.sessions.Of(r, g.now()); s != nil {
			return g.bySession(w, r, s)
		}
	}
	return nil, refusal.Unsigned()
}

// byToken is the caller with the token in a request's header.
func (g *Gatekeeper) byToken(r *http.Request, token, scheme string) (*caller, error) {
	claims, err := g.verifier.VerifyRequest(r, g.config.Issuer.Audience)
	if err != nil {
		return nil, g.unproven(r, err)
	}
	c, err := g.proven(token, claims)
	if err == nil {
		c.bound = scheme == "dpop" && g.config.Told.Authorization
	}
	return c, err
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
