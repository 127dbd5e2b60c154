package broker

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
)

// Kinds of events.
const (
	eventLogin event.Kind = "IDENTITY_PROVIDER_LOGIN"
	eventLink  event.Kind = "FEDERATED_IDENTITY_LINK"
	eventToken event.Kind = "IDENTITY_PROVIDER_RETRIEVE_TOKEN"
)

// Names of failures in events, by Keycloak's names.
const (
	failedProvider   = "identity_provider_login_failure"
	unknownProvider  = "identity_provider_not_found"
	failedFirstLogin = "federated_identity_account_exists"
)

// unexpected is what people are told of a failure that is none of theirs.
const unexpected = "identityProviderUnexpectedErrorMessage"

// refusal is a failure as events have it. reason is for administrators; it must hold nothing secret.
func refusal(name, reason string) *oauth.Error {
	return oauth.Errorf(oauth.AccessDenied, "").InEvent(name, reason)
}

// Login sends a browser to a provider, by a link of the sign-in page that was shown last.
func (b *Broker) Login(ctx context.Context, alias string, q authorize.ContinueRequest) (*authorize.Outcome, error) {
	t, o, err := b.Sign.ResumeLink(ctx, q)
	if o != nil || err != nil {
		return o, err
	}
	b.describe(t, eventLogin, alias)
	p, err := b.provider(ctx, t, alias)
	switch {
	case err != nil:
		return nil, err
	case p == nil:
		return b.Sign.ShowError(ctx, t, refusal(unknownProvider, ""), notFound, page.T("identityProviderNotFoundMessage")), nil
	case p.LinkOnly:
		return b.Sign.ShowError(ctx, t, refusal(failedProvider, "the provider is for linking only"), badRequest, page.T(unexpected)), nil
	}
	return b.leave(ctx, t, p)
}

// describe makes the turn's event one of a sign-in through a provider.
func (b *Broker) describe(t *authorize.Turn, kind event.Kind, alias string) {
	t.Event.Kind = kind
	t.Event.Set("identity_provider", alias)
}

// provider is the provider of an alias that is switched on; nil where there is none.
func (b *Broker) provider(ctx context.Context, t *authorize.Turn, alias string) (*Provider, error) {
	c, err := b.Book.of(ctx, t.Realm())
	if err != nil {
		return nil, err
	}
	return c.provider(alias), nil
}

// leave sends the browser to the provider, to sign in.
func (b *Broker) leave(ctx context.Context, t *authorize.Turn, p *Provider) (*authorize.Outcome, error) {
	to, why, err := b.depart(t, p, nil)
	switch {
	case err != nil:
		return nil, err
	case why != nil:
		return b.Sign.ShowError(ctx, t, why, badGateway, page.T(unexpected)), nil
	}
	return b.Sign.Leave(ctx, t, to, seeOther)
}

// depart begins a trip to the provider, and gives the address that it leads to; by is whose account is to be linked,
// nil where somebody signs in. why says that the provider cannot be asked. The attempt is to be kept by the caller.
func (b *Broker) depart(t *authorize.Turn, p *Provider, by *owner) (to string, why *oauth.Error, err error) {
	r := trip{Provider: p.Alias, State: newState(t, b.NewSecret()), Owner: by}
	q := federation.Authorization{RedirectURI: endpointURL(t, p.Alias), State: r.State}
	asked := &t.Attempt.Request
	q.LoginHint, q.UILocale, q.Prompt = asked.LoginHint, t.Locale, strings.Join(asked.Prompt, " ")
	q.Forwarded = forwarded(asked)
	if asked.MaxAge != nil {
		q.MaxAge = strconv.FormatInt(*asked.MaxAge, 10)
	}
	if p.UsesNonce() {
		r.Nonce = b.NewSecret()
		q.Nonce = r.Nonce
	}
	if method := p.UsesPKCE(); method != "" {
		r.Verifier = b.NewSecret() + b.NewSecret() // 48 characters: RFC 7636 §4.1 wants 43 at least
		q.Challenge = challenge(method, r.Verifier)
	}
	if to, err = p.AuthorizationURL(q); err != nil {
		return "", refusal(failedProvider, err.Error()), nil
	}
	return to, nil, r.begin(t)
}

// challenge is that of a verifier (RFC 7636 §4.2).
func challenge(method, verifier string) string {
	if method == "plain" {
		return verifier
	}
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// endpointURL is where a provider sends browsers back to. Each provider has its own, so that one cannot answer for
// another (RFC 9700 §4.4.2).
func endpointURL(t *authorize.Turn, alias string) string {
	return t.URL("/broker/" + alias + "/endpoint")
}

// forwarded are the parameters of a request that a provider may be configured to get, too.
func forwarded(q *login.Request) map[string]string {
	out := map[string]string{}
	for name, value := range map[string]string{"acr_values": q.ACRValues, "claims": q.Claims, "login_hint": q.LoginHint,
		"ui_locales": strings.Join(q.Locales, " "), "prompt": strings.Join(q.Prompt, " "), "kc_idp_hint": q.Provider} {
		if value != "" {
			out[name] = value
		}
	}
	return out
}
