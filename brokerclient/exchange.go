package brokerclient

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// Request is a token exchange (RFC 8693 §2.1). SubjectToken is required; whatever else is empty is not sent. A server may ignore what it does
// not know: Keycloak's standard exchange grants a token as if ActorToken and Resource were not there.
type Request struct {
	SubjectToken     string    // of the user on whose behalf the new one is used
	SubjectTokenType TokenType // default: AccessToken
	SubjectIssuer    string    // who issued it, where that is not the server: alias of an identity provider, or issuer URL

	ActorToken     string    // of who acts for that user; the new token names them in "act"
	ActorTokenType TokenType // default: AccessToken

	Audience []string // client ids of the services that the new token is for
	Resource []string // or their addresses (RFC 8707)
	Scope    []string

	RequestedTokenType TokenType
	RequestedSubject   string // user to impersonate, by name or id
	RequestedIssuer    string // identity provider whose token for the user is wanted
}

// Own is a request for a token of the program itself (RFC 6749 §4.4).
type Own struct {
	Scope    []string
	Resource []string // addresses of the services that the token is for (RFC 8707)
}

const (
	grantExchange = "urn:ietf:params:oauth:grant-type:token-exchange"
	grantOwn      = "client_credentials"
)

// ErrNoSubject is what an exchange without a subject token ends with, of a Transport too whose request has none in its context. The
// program's own token is not sent in its place.
var ErrNoSubject = errors.New("brokerclient: no subject token to exchange")

// Exchange gets a token for a subject token. What the server refuses is an *Error. A server grants all audiences or none; what it
// grants of the scopes is in Token.Scopes.
func (c *Client) Exchange(ctx context.Context, q Request) (*Token, error) {
	form, err := q.form()
	if err != nil {
		return nil, err
	}
	return c.exchange(ctx, form, q)
}

// exchange asks by the form of a request, and has a refusal explained.
func (c *Client) exchange(ctx context.Context, form url.Values, q Request) (*Token, error) {
	t, err := c.ask(ctx, form)
	if refused, ok := errors.AsType[*Error](err); ok {
		c.explain(ctx, refused, q)
	}
	return t, err
}

// ClientCredentials gets a token for the program itself.
func (c *Client) ClientCredentials(ctx context.Context, q Own) (*Token, error) {
	return c.ask(ctx, q.form())
}

// form refuses a request without subject: whoever sent it would get an answer about something else.
func (q Request) form() (url.Values, error) {
	if q.SubjectToken == "" {
		return nil, ErrNoSubject
	}
	form := url.Values{"grant_type": {grantExchange}, "subject_token": {q.SubjectToken}}
	form.Set("subject_token_type", string(orElse(q.SubjectTokenType, AccessToken)))
	if q.ActorToken != "" {
		form.Set("actor_token", q.ActorToken)
		form.Set("actor_token_type", string(orElse(q.ActorTokenType, AccessToken)))
	}
	set(form, "subject_issuer", q.SubjectIssuer)
	set(form, "requested_token_type", string(q.RequestedTokenType))
	set(form, "requested_subject", q.RequestedSubject)
	set(form, "requested_issuer", q.RequestedIssuer)
	set(form, "scope", strings.Join(q.Scope, " "))
	list(form, "audience", q.Audience)
	list(form, "resource", q.Resource)
	return form, nil
}

func (q Own) form() url.Values {
	form := url.Values{"grant_type": {grantOwn}}
	set(form, "scope", strings.Join(q.Scope, " "))
	list(form, "resource", q.Resource)
	return form
}

func orElse(t, otherwise TokenType) TokenType {
	if t == "" {
		return otherwise
	}
	return t
}

func set(form url.Values, name, value string) {
	if value != "" {
		form.Set(name, value)
	}
}

func list(form url.Values, name string, values []string) {
	if len(values) > 0 {
		form[name] = slices.Clone(values) // which are the caller's to change when there is an answer
	}
}
