package brokerclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// maxAnswer is how long an answer of the server may be, in bytes.
const maxAnswer = 1 << 20

// answered is an answer that was read to its end.
type answered struct {
	status int
	header http.Header
	body   []byte
}

func (a *answered) decode(into any) error { return json.Unmarshal(a.body, into) }

// send sends a request to the issuer.
func (c *Client) send(q *http.Request) (*answered, error) {
	q.Header.Set("Accept", "application/json")
	a, err := c.http.Do(q)
	if err != nil {
		return nil, err // names method and URL, which hold no secret
	}
	defer func() { _ = a.Body.Close() }() // it is read to its end, or given up
	body, err := io.ReadAll(io.LimitReader(a.Body, maxAnswer+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxAnswer {
		return nil, errors.New("the answer is too long")
	}
	return &answered{a.StatusCode, a.Header, body}, nil
}

// ask asks the token endpoint. Where the server wants a proof with a nonce it asks once more.
func (c *Client) ask(ctx context.Context, form url.Values) (*Token, error) {
	endpoint, err := c.tokenEndpoint(ctx)
	if err != nil {
		return nil, err
	}
	t, err := c.askOnce(ctx, endpoint, form)
	if errors.Is(err, UseDPoPNonce) && c.config.Key.Private != nil {
		t, err = c.askOnce(ctx, endpoint, form)
	}
	if err == nil && c.config.Key.Private != nil && bindable(t, form) && !t.Bound() {
		return nil, ErrUnbound
	}
	return t, err
}

// bindable tells whether a token is one that the server binds, if it binds any: an access token of its own.
func bindable(t *Token, form url.Values) bool {
	return (t.Type == "" || t.Type == AccessToken) && !form.Has("requested_issuer")
}

// askOnce sends a form, with what authenticates the client and, where it has a key, a proof.
func (c *Client) askOnce(ctx context.Context, endpoint *url.URL, form url.Values) (*Token, error) {
	form, header := maps.Clone(form), http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	if c.config.Auth != nil {
		if err := c.config.Auth(ctx, endpoint.String(), form, header); err != nil {
			return nil, err
		}
	}
	if c.config.Key.Private != nil {
		proof, err := c.config.Key.proof(http.MethodPost, endpoint, "", c.nonces.of(endpoint), c.config.Now())
		if err != nil {
			return nil, err
		}
		header.Set("DPoP", proof)
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("brokerclient: %w", err)
	}
	q.Header = header
	asked := c.config.Now()
	a, err := c.send(q)
	if err != nil {
		return nil, fmt.Errorf("brokerclient: ask for a token: %w", err)
	}
	c.nonces.keep(endpoint, a.header)
	if a.status != http.StatusOK {
		return nil, refusal(a, form, header)
	}
	return issued(a, asked)
}

// issued reads a token (RFC 6749 §5.1, RFC 8693 §2.2.1).
func issued(a *answered, asked time.Time) (*Token, error) {
	var t struct {
		Access  string    `json:"access_token"`
		Scheme  string    `json:"token_type"`
		Type    TokenType `json:"issued_token_type"`
		Scope   *string   `json:"scope"`
		Seconds float64   `json:"expires_in"`
		Refresh string    `json:"refresh_token"`
	}
	if a.decode(&t) != nil || t.Access == "" || t.Scheme == "" {
		return nil, errors.New("brokerclient: the server's answer is no token")
	}
	out := &Token{Access: t.Access, Scheme: t.Scheme, Type: t.Type, Refresh: t.Refresh}
	if t.Scope != nil {
		out.Scopes = strings.Fields(*t.Scope)
	}
	if t.Seconds > 0 {
		out.Expires = asked.Add(time.Duration(min(t.Seconds, 1<<31)) * time.Second)
	}
	return out, nil
}

// refusal reads an error (RFC 6749 §5.2). What was sent in secret is cut out, should the server repeat it.
func refusal(a *answered, form url.Values, header http.Header) *Error {
	var e struct {
		Code        Code   `json:"error"`
		Description string `json:"error_description"`
		URI         string `json:"error_uri"`
	}
	_ = a.decode(&e) // what is no JSON has no code
	var cut []string // each secret, and what stands in its place
	for _, secret := range secretsOf(form, header) {
		if secret != "" {
			cut = append(cut, secret, "…")
		}
	}
	without := strings.NewReplacer(cut...)
	return &Error{Code: e.Code, Description: without.Replace(e.Description), URI: without.Replace(e.URI), Status: a.status, RetryAfter: retryAfter(a.header)}
}

// secretsOf is what was sent in secret, as it is and as SecretBasic escapes it; some may be empty.
func secretsOf(form url.Values, header http.Header) (all []string) {
	for _, name := range []string{"subject_token", "actor_token", "client_secret", "client_assertion"} {
		all = append(all, form.Get(name))
	}
	_, escaped, _ := (&http.Request{Header: header}).BasicAuth()
	plain, _ := url.QueryUnescape(escaped)
	return append(all, plain, escaped)
}

// retryAfter is the header's time, where it is one in seconds.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 || seconds > 1<<24 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}
