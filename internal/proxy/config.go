package proxy

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/certificate"
	"github.com/tokenhouse/tokenhouse/internal/proxy/forward"
	"github.com/tokenhouse/tokenhouse/internal/proxy/identity"
	"github.com/tokenhouse/tokenhouse/internal/proxy/resource"
	"github.com/tokenhouse/tokenhouse/internal/proxy/seal"
	"github.com/tokenhouse/tokenhouse/internal/proxy/session"
)

// Config says what a gatekeeper stands before, and whom it lets through. Defaults are those of package setup.
type Config struct {
	Issuer   Issuer
	Site     Site
	Access   Access
	Session  session.Config
	Upstream forward.Upstream
	Told     identity.Told // what the upstream is told of callers
	CORS     CORS
	Filter   Filter
	Listen   Listen
	Log      *slog.Logger
	Requests bool             // log each request
	Now      func() time.Time // time.Now where nil
}

// Issuer is who signs people in, and what the gatekeeper is there.
type Issuer struct {
	URL          string // as "iss" has it
	DiscoveryURL string // where its document is, where that is elsewhere
	ClientID     string
	ClientSecret string
	SecretInBody bool
	Scopes       []string // asked for at sign-in
	Audience     string   // what "aud" of every token must hold
	Revocation   string
	Proxy        *url.URL // that it is reached through
	CA           string   // PEM file: who vouches for its certificate; empty: the system's
	Timeout      time.Duration
	// Untyped takes access tokens that do not say that they are any. See bearer.Config.
	Untyped bool
	// Unverified takes whatever looks like a token. Whoever can reach the gatekeeper is then whom they say.
	Unverified bool
	// Insecure lets keys come without TLS from another machine.
	Insecure bool
	// ExplainID and ExplainSecret are of a client that may ask the issuer, a Tokenhouse, why a token lacks the audience.
	ExplainID, ExplainSecret string
}

// Site is how callers see the gatekeeper.
type Site struct {
	URL     *url.URL // redirection-url: scheme and host that people use; nil without sign-in
	Base    string   // before all paths of the gatekeeper itself
	OAuth   string   // path of its endpoints, below Base
	Metrics bool
	Local   bool // metrics are for this machine alone
}

// Access is who may do what.
type Access struct {
	Resources   []resource.Resource
	DefaultDeny bool
	Claims      map[string]*regexp.Regexp // what claims must match, from beginning to end
	NoRedirects bool                      // 401 in place of a sign-in
	ShowFixes   bool                      // pages tell what the issuer's explanation says
}

// CORS is which pages of other origins may call.
type CORS struct {
	Origins, Methods, Headers, Exposed []string
	Credentials                        bool
	MaxAge                             time.Duration
}

// Filter is what is added to requests and answers, and which hosts are served.
type Filter struct {
	Hosts            []string // empty: all
	NoSniff, NoFrame bool
	Policy           string // Content-Security-Policy
	Headers          map[string]string
	RequestID        string // header that identifies requests; empty: none is added
}

// Listen is where callers come in.
type Listen struct {
	Address                       string // host:port, or unix://path
	HTTP                          string // a second one, without TLS
	ToHTTPS                       bool   // which only redirects
	TLS                           certificate.Files
	ReadTime, WriteTime, IdleTime time.Duration
	Trusted                       []netip.Prefix // proxies before the gatekeeper, whose X-Forwarded-For is passed on
}

// check refuses what cannot be meant.
func (c *Config) check() error {
	switch {
	case c.Issuer.URL == "":
		return fmt.Errorf("discovery-url is needed")
	case c.Issuer.ClientID == "":
		return fmt.Errorf("client-id is needed")
	case c.Upstream.URL == nil:
		return fmt.Errorf("upstream-url is needed")
	case c.Issuer.Audience == "":
		return fmt.Errorf("audience is empty")
	case c.Access.NoRedirects:
		return nil
	case c.Site.URL == nil:
		return fmt.Errorf("redirection-url is needed, or no-redirects: a sign-in must know where to come back to")
	case c.Site.URL.Scheme != "https" && !c.Session.Insecure:
		return fmt.Errorf("redirection-url is http: cookies would never come back; set secure-cookie=false where that is meant")
	case c.Session.Insecure && c.Session.SameSite == http.SameSiteNoneMode:
		return fmt.Errorf("same-site-cookie=None: browsers drop such cookies without secure-cookie")
	case len(c.Session.Key) < seal.KeySize:
		return fmt.Errorf("encryption-key has %d bytes, and %d are needed", len(c.Session.Key), seal.KeySize)
	case (&http.Cookie{Name: c.Session.Cookie}).Valid() != nil:
		return fmt.Errorf("cookie-access-name is no name of a cookie")
	case c.Session.Domain != "" && !c.Site.within(c.Session.Domain):
		return fmt.Errorf("cookie-domain is no domain of redirection-url: browsers would drop the cookies")
	}
	return nil
}

// within tells whether the site is of a domain, which may begin with a dot.
func (s *Site) within(domain string) bool {
	domain = strings.ToLower(strings.TrimPrefix(domain, "."))
	host := strings.ToLower(s.URL.Hostname())
	return (&http.Cookie{Name: "a", Domain: domain}).Valid() == nil && (host == domain || strings.HasSuffix(host, "."+domain))
}

// endpoint is the path of one of the gatekeeper's own endpoints.
func (s *Site) endpoint(name string) string { return s.Base + s.OAuth + "/" + name }

// address is the whole address of a path of the site.
func (s *Site) address(path string) string { return s.URL.Scheme + "://" + s.URL.Host + path }
