package proxy

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
)

// caller is who sent a request, proven.
type caller struct {
	*identity
	token string
	bound bool // the token came with a proof of possession, which the upstream may want to see
}

// identities are those of tokens that were seen, so that claims are read once. They prove nothing.
type identities struct {
	*otter.Cache[[sha256.Size]byte, *identity]
}

// maxIdentities is how many are kept.
const maxIdentities = 10_000

func newIdentities() identities {
	return identities{otter.Must(&otter.Options[[sha256.Size]byte, *identity]{MaximumSize: maxIdentities})}
}

// proven is the caller with a token that the verifier took.
func (g *Gatekeeper) proven(token string) (*caller, error) {
	key := sha256.Sum256([]byte(token))
	if i, ok := g.known.GetIfPresent(key); ok {
		return &caller{identity: i, token: token}, nil
	}
	i, err := g.identify(token)
	if err != nil {
		return nil, refused(http.StatusUnauthorized, "invalid_token", "The token cannot be read").because(err)
	}
	g.known.Set(key, i)
	return &caller{identity: i, token: token}, nil
}

// caller is who sent a request, by the token in its header or by the session in its cookies. A session that was renewed is
// given to the browser with the answer.
func (g *Gatekeeper) caller(w http.ResponseWriter, r *http.Request) (*caller, error) {
	if token, scheme := credentials(r); scheme != "" {
		if _, err := g.verifier.VerifyRequest(r, g.config.Issuer.Audience); err != nil {
			return nil, g.unproven(r, err)
		}
		c, err := g.proven(token)
		if err == nil {
			c.bound = scheme == "dpop"
		}
		return c, err
	}
	s := g.session(r)
	if s == nil {
		return nil, unsigned()
	}
	if err := g.sameOrigin(r); err != nil {
		return nil, err
	}
	claims, err := g.verifier.Verify(r.Context(), s.access, g.config.Issuer.Audience)
	if s.refresh != "" && (errors.Is(err, bearer.ErrExpired) || err == nil && claims.Expires.Sub(g.now()) < early) {
		renewed := g.renewed(w, r, s)
		if renewed == nil {
			_, err = g.verifier.Verify(r.Context(), s.access, g.config.Issuer.Audience)
		} else if err != nil {
			return nil, renewed
		}
	}
	if err != nil {
		err = g.unproven(r, err)
		if known, ok := errors.AsType[*refusal](err); ok && known.status == http.StatusUnauthorized {
			g.jar.Clear(w, r, g.config.Session.Cookie)
			known.signIn = known.audience == nil
		}
		return nil, err
	}
	return g.proven(s.access)
}

// early is how long before its end an access token is renewed, so that it lasts for the request that it goes with.
const early = 10 * time.Second

// renewed renews the tokens of a session. What went wrong is said as a refusal.
func (g *Gatekeeper) renewed(w http.ResponseWriter, r *http.Request, s *session) error {
	t, err := g.renew(r, s.refresh)
	if _, over := errors.AsType[*issuer.Refused](err); over {
		g.jar.Clear(w, r, g.config.Session.Cookie)
		return unsigned().because(err)
	}
	if err != nil {
		return away(err)
	}
	s.take(t, &g.config.Session)
	if err := g.keep(w, r, s, t); err != nil {
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
		return away(err)
	case e.Reason == bearer.ErrAudience && e.Claims != nil:
		return g.misdirected(r.Context(), e)
	}
	return refused(e.Code.Status(), string(e.Code), e.Description).because(err)
}

// trustOrigins reads which pages may make a browser act for who is signed in.
func (g *Gatekeeper) trustOrigins() error {
	g.strangers = http.NewCrossOriginProtection()
	origins := g.config.CORS.Origins
	if u := g.config.Site.URL; u != nil {
		origins = append([]string{u.Scheme + "://" + u.Host}, origins...)
	}
	for _, o := range origins {
		if o == "*" {
			continue // whoever may read without cookies may not act with them
		}
		if err := g.strangers.AddTrustedOrigin(o); err != nil {
			return &url.Error{Op: "cors-origins", URL: o, Err: err}
		}
	}
	return nil
}

// sameOrigin refuses what a page of another origin has a browser send with the cookies of who is signed in: changes, and
// WebSockets, which browsers let any page open.
func (g *Gatekeeper) sameOrigin(r *http.Request) error {
	asked := r
	if r.Header.Get("Upgrade") != "" {
		asked = &http.Request{Method: http.MethodPost, Header: r.Header, Host: r.Host, URL: r.URL}
	}
	if err := g.strangers.Check(asked); err != nil {
		return refused(http.StatusForbidden, "access_denied", "Pages of other origins may not do this").because(err)
	}
	return nil
}

// admit demands what the resources, and the claims that all tokens must match, ask of a caller.
func (g *Gatekeeper) admit(r *http.Request, c *caller, under []*resource.Resource) error {
	for _, u := range under {
		if why := u.Refuse(c.Holder); why != "" {
			return refused(http.StatusForbidden, "access_denied", "You may not use this").because(errors.New(u.String() + ": " + why)).by(c)
		}
	}
	for name, want := range g.config.Access.Claims {
		if !slices.ContainsFunc(texts(c.claims[name]), want.MatchString) {
			return refused(http.StatusForbidden, "access_denied", "You may not use this").because(errors.New("match-claims: " + name)).by(c)
		}
	}
	return nil
}

// unverified takes whatever looks like a token and has not expired: for tests of what is behind a gatekeeper.
type unverified struct{ now func() time.Time }

func (u unverified) VerifyRequest(r *http.Request, audience string, scopes ...string) (*bearer.Claims, error) {
	token, _ := credentials(r)
	return u.Verify(r.Context(), token, audience, scopes...)
}

func (u unverified) Verify(_ context.Context, token, audience string, _ ...string) (*bearer.Claims, error) {
	claims, err := payload(token)
	if err != nil {
		return nil, &bearer.Error{Code: bearer.InvalidToken, Description: "Malformed token", Reason: bearer.ErrMalformed, Cause: err}
	}
	exp, _ := claims["exp"].(float64)
	c := &bearer.Claims{Audience: texts(claims["aud"]), Expires: time.Unix(int64(exp), 0)}
	c.Client, _ = claims["azp"].(string)
	if !u.now().Before(c.Expires) {
		return nil, &bearer.Error{Code: bearer.InvalidToken, Description: "Token is expired", Reason: bearer.ErrExpired}
	}
	if slices.Contains(c.Audience, audience) {
		return c, nil
	}
	return nil, &bearer.Error{Code: bearer.InvalidToken, Description: "Invalid audience", Reason: bearer.ErrAudience, Claims: c, WantAudience: audience}
}

func (unverified) Ready(context.Context) error { return nil }
