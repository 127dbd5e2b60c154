package proxy

import (
	"context"
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/brokerclient"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
)

// makeBrokers makes what exchanges tokens, and what asks why the issuer does not.
func (g *Gatekeeper) makeBrokers(client *http.Client) error {
	c := &g.config.Issuer
	broker := brokerclient.Config{Issuer: c.URL, DiscoveryURL: c.DiscoveryURL, HTTPClient: client, InsecureHTTP: c.Insecure, Now: g.config.Now}
	if c.ExplainID != "" {
		own, err := explaining(broker, c)
		if err != nil {
			return err
		}
		g.explainer = own
		broker.Explain = func(ctx context.Context) (string, error) {
			t, err := own.ClientCredentials(ctx, brokerclient.Own{})
			if err != nil {
				return "", err
			}
			return t.Access, nil
		}
	}
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

// swap is the caller with a token for an audience in place of their own: the upstream sees no token that is meant for another. One
// that was exchanged for is kept for this very token and audience until 30 seconds before it ends.
func (g *Gatekeeper) swap(r *http.Request, c *caller, audience string) (*caller, error) {
	t, err := g.broker.Exchange(r.Context(), brokerclient.Request{SubjectToken: c.token, Audience: []string{audience}})
	if err != nil {
		g.metrics.token("exchanged", err)
		return nil, unswapped(err, c, audience)
	}
	if _, err := g.verifier.Verify(r.Context(), t.Access, audience); err != nil {
		g.broker.Drop(t)
		return nil, refused(http.StatusBadGateway, "bad_gateway", "The issuer exchanged the token for one that "+audience+" would not take").because(err).by(c)
	}
	return g.proven(t.Access)
}

// unswapped says why there is no token for an upstream.
func unswapped(err error, c *caller, audience string) error {
	e, ok := errors.AsType[*brokerclient.Error](err)
	switch {
	case !ok || e.Status >= http.StatusInternalServerError || e.Status == http.StatusTooManyRequests:
		return away(err)
	case e.Code == brokerclient.InvalidToken || e.Code == brokerclient.InvalidGrant:
		return unsigned().because(err) // the caller's token ended before its time
	}
	f := refused(http.StatusForbidden, "access_denied", "There is no token for "+audience+" for you").because(err).by(c)
	for _, fix := range e.Fixes {
		f.hidden = append(f.hidden, explain.Fix(fix))
	}
	return f
}
