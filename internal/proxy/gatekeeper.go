package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/brokerclient"
	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
	"github.com/tokenhouse/tokenhouse/internal/proxy/seal"
)

// Gatekeeper answers requests. New makes one.
type Gatekeeper struct {
	config       Config
	log          *slog.Logger
	table        *resource.Table
	jar, ways    *seal.Jar // of sessions, and of those on their way to sign in; nil without sign-in
	issuer       *issuer.Client
	broker       *brokerclient.Source
	explainer    *brokerclient.Source // of who may ask why; nil: nobody may
	explanations explanations
	verifier     verifier
	known        identities
	renewals     renewals
	ended        endings
	claimHeaders []claimHeader
	spoofable    map[string]bool // names of headers that are the gatekeeper's to set, beside those of a kind
	said         []string        // names of headers of answers that are the gatekeeper's to set
	strangers    *http.CrossOriginProtection
	forward      *httputil.ReverseProxy
	metrics      *metrics
	own          *http.ServeMux // its own endpoints
}

// verifier proves access tokens. *bearer.Verifier is one.
type verifier interface {
	Verify(ctx context.Context, token, audience string, scopes ...string) (*bearer.Claims, error)
	VerifyRequest(r *http.Request, audience string, scopes ...string) (*bearer.Claims, error)
	Ready(ctx context.Context) error
}

// New makes a gatekeeper. An issuer that does not answer is no error: what needs it is answered with 503 until it does. The
// context bounds the first attempt.
func New(ctx context.Context, c Config) (*Gatekeeper, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	g := &Gatekeeper{config: c, log: c.Log, claimHeaders: claimHeaders(c.Upstream.Claims), metrics: newMetrics(),
		renewals: renewals{all: map[[32]byte]*renewal{}}, ended: endings{all: map[string]time.Time{}}}
	var err error
	if g.table, err = resource.NewTable(c.Access.Resources, c.Access.DefaultDeny); err != nil {
		return nil, err
	}
	if err := g.makeJars(); err != nil {
		return nil, err
	}
	if err := g.meetIssuer(ctx); err != nil {
		return nil, err
	}
	if err := g.trustOrigins(); err != nil {
		return nil, err
	}
	g.known, g.explanations = newIdentities(), newExplanations()
	if err := g.makeForward(); err != nil {
		return nil, err
	}
	g.own = g.endpoints()
	return g, nil
}

func (g *Gatekeeper) now() time.Time { return g.config.Now() }

// makeJars makes what cookies are kept in. Those of people on their way are Lax at most: they come back from another site.
func (g *Gatekeeper) makeJars() (err error) {
	s := &g.config.Session
	if g.config.Access.NoRedirects {
		return nil
	}
	c := seal.Config{Key: s.Key, For: g.config.Issuer.URL + "\x00" + g.config.Issuer.ClientID, Domain: s.Domain, Insecure: s.Insecure, SameSite: s.SameSite}
	if g.jar, err = seal.New(c); err != nil {
		return err
	}
	c.SameSite = http.SameSiteLaxMode
	g.ways, err = seal.New(c)
	return err
}

// meetIssuer makes what speaks to the issuer.
func (g *Gatekeeper) meetIssuer(ctx context.Context) error {
	c := &g.config.Issuer
	client, err := issuerHTTP(&g.config)
	if err != nil {
		return err
	}
	g.issuer = issuer.New(issuer.Config{URL: c.URL, DiscoveryURL: c.DiscoveryURL, ClientID: c.ClientID, ClientSecret: c.ClientSecret, SecretInBody: c.SecretInBody,
		Scopes: c.Scopes, Revocation: c.Revocation, HTTP: client, Insecure: c.Insecure, Now: g.now})
	if err := g.makeBrokers(client); err != nil {
		return err
	}
	if c.Unverified {
		g.log.Warn("tokens are NOT verified: whoever reaches this gatekeeper is who they say they are")
		g.verifier = unverified{g.now}
		return nil
	}
	g.verifier, err = bearer.Config{Issuer: c.URL, DiscoveryURL: c.DiscoveryURL, HTTPClient: client, InsecureHTTP: c.Insecure, AcceptUntyped: c.Untyped,
		RequestURL: g.requestURL, Log: slog.New(slog.DiscardHandler), Now: g.now}.NewVerifier(ctx)
	if err != nil {
		return fmt.Errorf("discovery-url: %w", err)
	}
	if err := g.verifier.Ready(ctx); err != nil {
		g.log.Warn("the issuer cannot be reached: what needs it is answered with 503 until it can", "issuer", c.URL, "cause", err)
	}
	return nil
}

// requestURL is the URL that a caller sent a request to, as proofs of possession name it.
func (g *Gatekeeper) requestURL(r *http.Request) string {
	if g.config.Site.URL != nil {
		return g.config.Site.address(r.URL.EscapedPath())
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return scheme + r.Host + r.URL.EscapedPath()
}

// ServeHTTP answers a request.
func (g *Gatekeeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.watch(w, r, func(w http.ResponseWriter, r *http.Request) {
		if !g.filter(w, r) || g.shared(w, r) {
			return
		}
		if strings.HasPrefix(r.URL.Path, g.config.Site.endpoint("")) {
			g.own.ServeHTTP(w, r)
			return
		}
		g.guard(w, r)
	})
}

// guard lets a request through to the upstream, or answers why not.
func (g *Gatekeeper) guard(w http.ResponseWriter, r *http.Request) {
	under, ok := g.table.Of(r)
	switch {
	case !ok:
		g.refuse(w, r, refused(http.StatusBadRequest, "invalid_request", "The path cannot be read"))
		return
	case r.Method == http.MethodTrace, r.Method == http.MethodConnect:
		g.refuse(w, r, refused(http.StatusMethodNotAllowed, "invalid_request", "Method not allowed"))
		return
	}
	asks, target, err := demands(under)
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	if !asks {
		g.pass(w, r, nil)
		return
	}
	c, err := g.caller(w, r)
	if err == nil {
		err = g.admit(r, c, under)
	}
	if err == nil && target != "" {
		c, err = g.swap(r, c, target)
	}
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	g.pass(w, r, c)
}

// demands tells whether any of the resources asks who calls, and the audience that they want the token exchanged for.
func demands(under []*resource.Resource) (asks bool, target string, err error) {
	for _, u := range under {
		if u.WhiteListed {
			continue
		}
		if asks && u.ExchangeTo != target {
			return false, "", refused(http.StatusBadRequest, "invalid_request", "The path can be read in more than one way")
		}
		asks, target = true, u.ExchangeTo
	}
	return asks, target, nil
}
