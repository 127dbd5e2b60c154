package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/brokerclient"
	"github.com/tokenhouse/tokenhouse/internal/proxy/certificate"
	"github.com/tokenhouse/tokenhouse/internal/proxy/forward"
	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/mend"
)

// meetIssuer makes what speaks to the issuer.
func (g *Gatekeeper) meetIssuer(ctx context.Context) error {
	c := &g.config.Issuer
	client, err := g.issuerHTTP()
	if err != nil {
		return err
	}
	known := issuer.Config{URL: c.URL, DiscoveryURL: c.DiscoveryURL, ClientID: c.ClientID, ClientSecret: c.ClientSecret, SecretInBody: c.SecretInBody,
		Scopes: c.Scopes, Revocation: c.Revocation, HTTP: client, Insecure: c.Insecure, Now: g.now}
	if c.Unverified {
		g.log.Warn("tokens are NOT verified: whoever reaches this gatekeeper is who they say they are")
		g.verifier = unverified{g.now}
	} else if known.Signed, err = g.meetVerifier(ctx, client); err != nil {
		return err
	}
	g.issuer = issuer.New(known)
	return g.makeBrokers(client)
}

// meetVerifier makes what proves tokens by the issuer's keys, and gives what proves those that are no access tokens.
func (g *Gatekeeper) meetVerifier(ctx context.Context, client *http.Client) (signed func(context.Context, string) error, err error) {
	c := &g.config.Issuer
	v, err := bearer.Config{Issuer: c.URL, DiscoveryURL: c.DiscoveryURL, HTTPClient: client, InsecureHTTP: c.Insecure, AcceptUntyped: c.Untyped,
		RequestURL: g.requestURL, Log: slog.New(slog.DiscardHandler), Now: g.now}.NewVerifier(ctx)
	if err != nil {
		return nil, fmt.Errorf("discovery-url: %w", err)
	}
	if err := v.Ready(ctx); err != nil {
		g.log.Warn("the issuer cannot be reached: what needs it is answered with 503 until it can", "issuer", c.URL, "cause", err)
	}
	g.verifier = v
	return v.Signed, nil
}

// issuerHTTP is how the issuer is spoken to.
func (g *Gatekeeper) issuerHTTP() (*http.Client, error) {
	c := &g.config.Issuer
	config, err := certificate.Client(c.CA, g.config.Upstream.Certificate)
	if err != nil {
		return nil, err
	}
	t := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 8}
	if c.Proxy != nil {
		t.Proxy = http.ProxyURL(c.Proxy)
	}
	return &http.Client{Transport: t, Timeout: c.Timeout}, nil
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

// makeBrokers makes what exchanges tokens, and what asks why the issuer does not.
func (g *Gatekeeper) makeBrokers(client *http.Client) error {
	c := &g.config.Issuer
	advice := mend.Config{Issuer: c.URL, ClientID: c.ClientID, Audience: c.Audience, Call: g.issuer.Call, Log: g.log}
	broker := brokerclient.Config{Issuer: c.URL, DiscoveryURL: c.DiscoveryURL, HTTPClient: client, InsecureHTTP: c.Insecure, Now: g.config.Now}
	if c.ExplainID != "" {
		own, err := explaining(broker, c)
		if err != nil {
			return err
		}
		advice.Explainer = own
		broker.Explain = func(ctx context.Context) (string, error) {
			t, err := own.ClientCredentials(ctx, brokerclient.Own{})
			if err != nil {
				return "", err
			}
			return t.Access, nil
		}
	}
	g.advisor = mend.New(advice)
	switch {
	case c.ClientSecret == "":
		broker.Auth = brokerclient.ClientID(c.ClientID)
	case c.SecretInBody:
		broker.Auth = brokerclient.SecretPost(c.ClientID, c.ClientSecret)
	default:
		broker.Auth = brokerclient.SecretBasic(c.ClientID, c.ClientSecret)
	}
	made, err := broker.NewClient()
	if err != nil {
		return err
	}
	g.broker = made.NewSource()
	return nil
}

// explaining gets tokens for who may ask the issuer for explanations.
func explaining(broker brokerclient.Config, c *Issuer) (*brokerclient.Source, error) {
	broker.Auth = brokerclient.SecretBasic(c.ExplainID, c.ExplainSecret)
	if c.SecretInBody {
		broker.Auth = brokerclient.SecretPost(c.ExplainID, c.ExplainSecret)
	}
	made, err := broker.NewClient()
	if err != nil {
		return nil, err
	}
	return made.NewSource(), nil
}

// meetUpstream makes what sends requests on.
func (g *Gatekeeper) meetUpstream() (err error) {
	c := forward.Config{Upstream: g.config.Upstream, Site: g.config.Site.URL, Trusted: g.config.Listen.Trusted, Claims: g.reader.Names(), Said: headersSaid(&g.config),
		Failed: g.failed, Log: g.log}
	if g.sessions != nil {
		c.Owns = g.sessions.Owns
	}
	g.forward, err = forward.New(c)
	return err
}
