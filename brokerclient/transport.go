package brokerclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Transport puts access tokens into requests to one service. Origin and Source are required. It is safe for concurrent use.
type Transport struct {
	// Origin is the service that the tokens are for: https://orders.example, for example. Requests to any other are refused, so
	// that no redirect and no mistake carries a token away.
	Origin string

	// Source gives the tokens.
	Source *Source

	// Subject finds the token of the request that is being served, which is exchanged for one that the service accepts:
	// bearer.TokenFromContext does. A request whose context has none is refused with ErrNoSubject. One that is bound to the caller's
	// key or certificate is exchanged by nobody but the client that it was issued to: Tokenhouse and Keycloak refuse it. Nil sends tokens of
	// the program itself.
	Subject func(ctx context.Context) (string, bool)

	// Audience, Resource and Scope are what tokens are asked for. Tokens of the program itself have no Audience to ask for.
	Audience, Resource, Scope []string

	// Base sends the requests; nil is http.DefaultTransport.
	Base http.RoundTripper
}

// RoundTrip sends a request with a token in the place of any credentials that it came with. Where the service refuses the token
// (401) it is dropped, so that the next request gets another one; this one is not sent again, but where the service wants a nonce in
// the proof. An error of the token endpoint is an *Error, which an http.Client wraps: errors.As finds it.
func (t *Transport) RoundTrip(q *http.Request) (*http.Response, error) {
	a, err := t.roundTrip(q)
	if err != nil && q.Body != nil {
		_ = q.Body.Close() // as RoundTripper demands; the request was not sent, or is over
	}
	return a, err
}

func (t *Transport) roundTrip(q *http.Request) (*http.Response, error) {
	if err := t.check(q.URL); err != nil {
		return nil, err
	}
	token, err := t.token(q.Context())
	if err != nil {
		return nil, err
	}
	a, err := t.send(q, token, q.Body)
	if err == nil && token.Bound() && wantsNonce(a) {
		if body, ok := again(q); ok {
			_, _ = io.Copy(io.Discard, io.LimitReader(a.Body, maxAnswer)) // so that the connection can be used again
			_ = a.Body.Close()
			a, err = t.send(q, token, body)
		}
	}
	if err == nil && a.StatusCode == http.StatusUnauthorized && !wantsNonce(a) {
		t.Source.Drop(token)
	}
	return a, err
}

// check refuses requests that the tokens are not for.
func (t *Transport) check(to *url.URL) error {
	if t.Source == nil {
		return errors.New("brokerclient: Transport.Source is not set")
	}
	u, err := t.Source.client.config.secure(t.Origin)
	if err != nil {
		return fmt.Errorf("brokerclient: Transport.Origin: %w", err)
	}
	if !strings.EqualFold(origin(u), origin(to)) {
		return fmt.Errorf("brokerclient: a request to %s gets no token for %s", origin(to), t.Origin)
	}
	return nil
}

// token is the one for the request that is being served.
func (t *Transport) token(ctx context.Context) (*Token, error) {
	if t.Subject == nil {
		if len(t.Audience) > 0 {
			return nil, errors.New("brokerclient: Transport.Audience is for exchanged tokens; a program asks for its own by Scope or Resource")
		}
		return t.Source.ClientCredentials(ctx, Own{Scope: t.Scope, Resource: t.Resource})
	}
	subject, ok := t.Subject(ctx)
	if !ok || subject == "" {
		return nil, fmt.Errorf("%w: the request's context has none", ErrNoSubject)
	}
	return t.Source.Exchange(ctx, Request{SubjectToken: subject, Audience: t.Audience, Resource: t.Resource, Scope: t.Scope})
}

// send sends a copy of the request with a token and, where it is bound, a proof.
func (t *Transport) send(q *http.Request, token *Token, body io.ReadCloser) (*http.Response, error) {
	out := q.Clone(q.Context())
	out.Body = body
	out.Header.Del("DPoP")
	out.Header.Set("Authorization", "Bearer "+token.Access)
	if token.Bound() {
		c := t.Source.client
		proof, err := c.config.Key.proof(q.Method, q.URL, token.Access, c.nonces.of(q.URL), c.config.Now())
		if err != nil {
			return nil, err
		}
		out.Header.Set("Authorization", "DPoP "+token.Access)
		out.Header.Set("DPoP", proof)
	}
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	a, err := base.RoundTrip(out)
	if err == nil {
		t.Source.client.nonces.keep(q.URL, a.Header)
	}
	return a, err
}

// wantsNonce tells whether a service wants a proof that names the nonce it just gave (RFC 9449 §9).
func wantsNonce(a *http.Response) bool {
	if a.StatusCode != http.StatusUnauthorized || a.Header.Get("DPoP-Nonce") == "" {
		return false
	}
	for _, challenge := range a.Header.Values("WWW-Authenticate") {
		if strings.Contains(challenge, `error="`+string(UseDPoPNonce)+`"`) {
			return true
		}
	}
	return false
}

// again is the body of a request once more; ok is false where it cannot be had.
func again(q *http.Request) (body io.ReadCloser, ok bool) {
	if q.Body == nil || q.Body == http.NoBody {
		return q.Body, true
	}
	if q.GetBody == nil {
		return nil, false
	}
	body, err := q.GetBody()
	return body, err == nil
}
