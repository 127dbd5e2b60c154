package proxy

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/brokerclient"
	"github.com/tokenhouse/tokenhouse/internal/proxy/forward"
	"github.com/tokenhouse/tokenhouse/internal/proxy/identity"
	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/mend"
	"github.com/tokenhouse/tokenhouse/internal/proxy/metrics"
	"github.com/tokenhouse/tokenhouse/internal/proxy/refusal"
	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
	"github.com/tokenhouse/tokenhouse/internal/proxy/session"
)

// Gatekeeper answers requests. New makes one.
type Gatekeeper struct {
	config    Config
	log       *slog.Logger
	table     *resource.Table
	sessions  *session.Keeper // nil without sign-in
	issuer    *issuer.Client
	broker    *brokerclient.Source
	advisor   *mend.Advisor
	verifier  verifier
	reader    *identity.Reader
	known     identities
	strangers *http.CrossOriginProtection
	forward   *forward.Forwarder
	desk      refusal.Desk
	metrics   *metrics.Metrics
	own       *http.ServeMux // its own endpoints
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
	g := &Gatekeeper{config: c, log: c.Log, reader: identity.NewReader(c.Told, slices.Collect(maps.Keys(c.Access.Claims))), known: newIdentities(),
		desk: refusal.Desk{Log: c.Log, ShowFixes: c.Access.ShowFixes}}
	var requests *slog.Logger
	if c.Requests {
		requests = c.Log
	}
	g.metrics = metrics.New(c.Now, requests)
	var err error
	if g.table, err = resource.NewTable(c.Access.Resources, c.Access.DefaultDeny); err != nil {
		return nil, err
	}
	if !c.Access.NoRedirects {
		g.desk.SignIn = c.Site.endpoint("authorize")
		if g.sessions, err = session.New(c.Session, c.Issuer.URL+"\x00"+c.Issuer.ClientID); err != nil {
			return nil, err
		}
	}
	if err := g.meetIssuer(ctx); err != nil {
		return nil, err
	}
	if err := g.trustOrigins(); err != nil {
		return nil, err
	}
	if err := g.meetUpstream(); err != nil {
		return nil, err
	}
	g.own = g.endpoints()
	return g, nil
}

func (g *Gatekeeper) now() time.Time { return g.config.Now() }

// ServeHTTP answers a request.
func (g *Gatekeeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.config.Site.Metrics || g.config.Requests {
		g.metrics.Watch(w, r, g.serve)
		return
	}
	g.serve(w, r)
}

func (g *Gatekeeper) serve(w http.ResponseWriter, r *http.Request) {
	if !g.filter(w, r) || g.shared(w, r) {
		return
	}
	if strings.HasPrefix(r.URL.Path, g.config.Site.endpoint("")) {
		g.own.ServeHTTP(w, r)
		return
	}
	g.guard(w, r)
}

// guard lets a request through to the upstream, or answers why not.
func (g *Gatekeeper) guard(w http.ResponseWriter, r *http.Request) {
	demand, err := g.demand(r)
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	if demand.Nobody {
		g.forward.Pass(w, r, nil)
		return
	}
	c, err := g.caller(w, r)
	if err == nil {
		err = g.admit(c, demand)
	}
	by := &forward.Sender{}
	if err == nil && c.session != "" {
		attending, done := g.attend(r, c.session, by)
		defer done()
		r = attending
	}
	if err == nil && demand.ExchangeTo != "" {
		c, err = g.swap(r, c, demand.ExchangeTo)
	}
	if err != nil {
		g.refuse(w, r, err)
		return
	}
	by.Headers, by.Bound = c.Headers, c.bound
	g.forward.Pass(w, r, by)
}

// attend has what goes on for long end with a session: what is asked for so, or else a stream of events that the upstream answers with.
func (g *Gatekeeper) attend(r *http.Request, id string, by *forward.Sender) (attending *http.Request, done func()) {
	if session.Lasts(r) {
		return g.sessions.Attend(r, id, g.now())
	}
	by.Until = func(end func()) (over func()) { return g.sessions.Until(id, g.now(), end) }
	return r, func() {}
}

// demand is what the resources ask of a request.
func (g *Gatekeeper) demand(r *http.Request) (resource.Demand, error) {
	d, err := g.table.Demand(r)
	switch {
	case errors.Is(err, resource.ErrPath):
		return d, refusal.New(http.StatusBadRequest, "invalid_request", "The path or the method cannot be read")
	case strings.ContainsAny(r.Host, "/\\?#@ "): // HTTP/2 brings it unread
		return d, refusal.New(http.StatusBadRequest, "invalid_request", "The host cannot be read")
	case strings.ContainsAny(r.URL.RawQuery, " #"): // likewise; written as HTTP/1.1, a line would say something else than what was asked about
		return d, refusal.New(http.StatusBadRequest, "invalid_request", "The query cannot be read")
	case !expected(r.Header["Expect"]):
		return d, refusal.New(http.StatusExpectationFailed, "invalid_request", "Nothing is expected here but 100-continue")
	case slices.Contains(unforwarded, r.Method):
		return d, refusal.New(http.StatusMethodNotAllowed, "invalid_request", "Method not allowed")
	case err != nil:
		return d, refusal.New(http.StatusBadRequest, "invalid_request", "The path can be read in more than one way")
	}
	return d, nil
}

// unforwarded are methods that are about the way of a request, and not about what is behind the gatekeeper. PRI begins HTTP/2.
var unforwarded = []string{http.MethodTrace, http.MethodConnect, "PRI"}

// expected tells whether Expect is what every server understands (RFC 9110 §10.1.1). Of other values, servers make different things.
func expected(all []string) bool {
	return len(all) == 0 || len(all) == 1 && strings.EqualFold(all[0], "100-continue")
}

// admit demands what the resources, and the claims that all tokens must match, ask of a caller.
func (g *Gatekeeper) admit(c *caller, d resource.Demand) error {
	why := d.Refuse(c.Holder)
	for name, want := range g.config.Access.Claims {
		if why == "" && !slices.ContainsFunc(c.Texts(name), want.MatchString) {
			why = "match-claims: " + name
		}
	}
	if why == "" {
		return nil
	}
	return refusal.New(http.StatusForbidden, "access_denied", "You may not use this").Because(errors.New(why)).By(c.Identity)
}
