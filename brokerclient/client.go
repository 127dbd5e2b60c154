package brokerclient

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Config says how tokens are asked for. Issuer is required.
type Config struct {
	// Issuer is the server: https://id.example/realms/shop, for example.
	Issuer string

	// DiscoveryURL is where the discovery document is fetched where it is not below Issuer: the address of the issuer inside a
	// cluster, for example. The document must name Issuer all the same.
	DiscoveryURL string

	// TokenURL is the token endpoint. Default: that of the issuer's discovery document, which is fetched once, when it is
	// needed.
	TokenURL string

	// Auth authenticates the client. Nil sends nothing, for servers that know the client by the subject token or by TLS.
	Auth Auth

	// Key binds tokens to itself (DPoP): each request to the token endpoint carries a proof by it, and so does each by a Transport.
	// A server that does not bind them gives none (ErrUnbound), but for tokens of others (Request.RequestedIssuer). The zero value binds
	// none.
	Key Key

	// HTTPClient speaks to the issuer; nil is one that gives up after 30 seconds. Redirects are not followed.
	HTTPClient *http.Client

	// InsecureHTTP lets tokens and secrets go without TLS to another machine, where anybody on the way can take them. The machine
	// itself (localhost, 127.0.0.1) needs no TLS.
	InsecureHTTP bool

	// Explain gives an access token of somebody who may look at the clients and users of the realm (roles view-clients and
	// view-users). If it is set, refusals of exchanges by a Tokenhouse server carry their Fixes. For development and operators:
	// a service in production should not hold such a token.
	Explain func(ctx context.Context) (string, error)

	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Client asks a server for tokens. It is safe for concurrent use. New and Config.NewClient make one.
type Client struct {
	config Config
	http   *http.Client
	nonces nonces

	mu       sync.Mutex
	endpoint *url.URL // nil: not known yet
}

// New makes a client of an issuer with the defaults of Config. Nothing is fetched yet.
func New(issuer string, auth Auth) (*Client, error) {
	return Config{Issuer: issuer, Auth: auth}.NewClient()
}

// timeout is how long a request to the issuer may take where the caller brings no HTTP client.
const timeout = 30 * time.Second

// NewClient makes a client. It returns an error for settings that cannot be meant; nothing is fetched yet.
func (c Config) NewClient() (*Client, error) {
	if _, err := c.secure(c.Issuer); err != nil {
		return nil, err
	}
	own := http.Client{Timeout: timeout}
	if c.HTTPClient != nil {
		own = *c.HTTPClient
	}
	// A redirect would carry tokens and secrets to who knows whom.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Key.Private != nil {
		if _, err := c.Key.algorithm(); err != nil {
			return nil, fmt.Errorf("brokerclient: Config.Key: %w", err)
		}
	}
	if c.DiscoveryURL != "" {
		if _, err := c.secure(c.DiscoveryURL); err != nil {
			return nil, err
		}
	}
	out := &Client{config: c, http: &own}
	if c.TokenURL != "" {
		u, err := c.secure(c.TokenURL)
		if err != nil {
			return nil, err
		}
		out.endpoint = u
	}
	return out, nil
}

// secure parses a URL, and refuses those that secrets may not be sent to.
func (c *Config) secure(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return nil, fmt.Errorf("brokerclient: %q is no URL of a server", address)
	case u.Scheme == "https", u.Scheme == "http" && (c.InsecureHTTP || loopback(u.Hostname())):
		return u, nil
	}
	return nil, fmt.Errorf("brokerclient: %s: tokens are not sent without TLS (Config.InsecureHTTP allows it, for tests)", address)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// tokenEndpoint is where tokens are asked for: as set, or as the issuer's discovery document says.
func (c *Client) tokenEndpoint(ctx context.Context) (*url.URL, error) {
	c.mu.Lock()
	known := c.endpoint
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	found, err := c.discover(ctx)
	if err != nil {
		return nil, fmt.Errorf("brokerclient: discovery of %s: %w", c.config.Issuer, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endpoint = found
	return found, nil
}

// discover reads the issuer's discovery document. It must be of the issuer, to the letter (OpenID Connect Discovery §4.3).
func (c *Client) discover(ctx context.Context) (*url.URL, error) {
	at := c.config.DiscoveryURL
	if at == "" {
		at = strings.TrimSuffix(c.config.Issuer, "/") + "/.well-known/openid-configuration"
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return nil, err
	}
	var d struct {
		Issuer        string `json:"issuer"`
		TokenEndpoint string `json:"token_endpoint"`
	}
	a, err := c.send(q)
	switch {
	case err != nil:
		return nil, err
	case a.status != http.StatusOK:
		return nil, fmt.Errorf("the server answers %d %s", a.status, http.StatusText(a.status))
	case a.decode(&d) != nil:
		return nil, errors.New("the answer is no JSON document")
	case d.Issuer != c.config.Issuer:
		return nil, fmt.Errorf("the document is of issuer %q", d.Issuer)
	}
	return c.config.secure(d.TokenEndpoint)
}
