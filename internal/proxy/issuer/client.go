package issuer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Config says who asks whom.
type Config struct {
	URL          string // the issuer, as "iss" has it
	DiscoveryURL string // where its document is; empty: below URL
	ClientID     string
	ClientSecret string // empty: a public client
	SecretInBody bool   // client_secret_post in place of client_secret_basic
	Scopes       []string
	Revocation   string // where tokens are revoked; empty: where the document says
	HTTP         *http.Client
	// Signed proves that the issuer signed an ID token; nil: it is believed as it came.
	Signed   func(ctx context.Context, token string) error
	Insecure bool // secrets and tokens may go without TLS to another machine
	Now      func() time.Time
}

// Client is a client of one issuer. It is safe for concurrent use.
type Client struct {
	Config
	mu     sync.Mutex
	found  *Metadata
	asked  time.Time // when the document was asked for at last
	reason error     // why that failed; nil where it did not
}

// New makes a client. Nothing is asked yet.
func New(c Config) *Client {
	own := *c.HTTP
	// An answer that leads elsewhere would take a secret, a code or a token along.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c.HTTP = &own
	return &Client{Config: c}
}

// Metadata is what is used of what an issuer publishes about itself (OpenID Connect Discovery 1.0 §3).
type Metadata struct {
	Issuer        string `json:"issuer"`
	Authorization string `json:"authorization_endpoint"`
	Token         string `json:"token_endpoint"`
	Revocation    string `json:"revocation_endpoint"`
	EndSession    string `json:"end_session_endpoint"`
	// NamesItself: callbacks carry "iss" (RFC 9207 §3).
	NamesItself bool `json:"authorization_response_iss_parameter_supported"`
}

const (
	documentAge = time.Hour       // how old a document gets before it is asked for again
	retryAfter  = 3 * time.Second // how long a failure to get one is believed
)

// ErrUnavailable says that the issuer did not answer, or not with anything of use. Trying later may help.
var ErrUnavailable = errors.New("the issuer cannot be reached")

// Metadata is the issuer's document. While the issuer is away an old one does.
func (c *Client) Metadata(ctx context.Context) (Metadata, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Now()
	switch age := now.Sub(c.asked); {
	case c.found != nil && age < documentAge:
		return *c.found, nil
	case c.reason != nil && age < retryAfter:
		return c.known()
	}
	var m Metadata
	c.reason = c.discover(ctx, &m)
	c.asked = c.Now() // not when it began: those who waited for one that hung would have it hang again, one after the other
	if c.reason != nil {
		if ctx.Err() != nil { // who asked has left, which says nothing about the issuer
			c.asked = time.Time{}
		}
		return c.known()
	}
	c.found = &m
	return m, nil
}

// known is the last document, or why there is none.
func (c *Client) known() (Metadata, error) {
	if c.found != nil {
		return *c.found, nil
	}
	return Metadata{}, c.reason
}

func (c *Client) discover(ctx context.Context, m *Metadata) error {
	at := c.DiscoveryURL
	if at == "" {
		at = strings.TrimSuffix(c.URL, "/") + "/.well-known/openid-configuration"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return err
	}
	status, body, err := c.send(r)
	switch {
	case err != nil:
		return err
	case status != http.StatusOK:
		return fmt.Errorf("%w: %s answers %d", ErrUnavailable, at, status)
	case json.Unmarshal(body, m) != nil:
		return fmt.Errorf("%w: %s answers with no discovery document", ErrUnavailable, at)
	case m.Issuer != c.URL:
		return fmt.Errorf("%s is of the issuer %q, and not of %q", at, m.Issuer, c.URL)
	case m.Authorization == "" || m.Token == "":
		return fmt.Errorf("%s names no authorization_endpoint or no token_endpoint", at)
	}
	return nil
}

// maxAnswer is how much of an answer is read, in bytes.
const maxAnswer = 1 << 20

func (c *Client) send(r *http.Request) (status int, body []byte, err error) {
	if !c.Insecure && r.URL.Scheme != "https" && !loopback(r.URL.Hostname()) {
		return 0, nil, fmt.Errorf("%s://%s: secrets and tokens are not sent without TLS (openid-provider-insecure-http allows it)", r.URL.Scheme, r.URL.Host)
	}
	r.Header.Set("Accept", "application/json")
	resp, err := c.HTTP.Do(r)
	if err != nil {
		return 0, nil, unavailable(err)
	}
	defer resp.Body.Close()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return 0, nil, unavailable(err)
	}
	if len(body) > maxAnswer {
		return 0, nil, fmt.Errorf("%w: its answer is too long", ErrUnavailable)
	}
	return resp.StatusCode, body, nil
}

// loopback tells whether a host is this machine, to which nobody is on the way.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}

// unavailable wraps an error of the way to the issuer, without the URL, whose query may hold what nobody should read.
func unavailable(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// Refused is an answer of the token endpoint that grants nothing (RFC 6749 §5.2).
type Refused struct {
	Status      int    `json:"-"`
	Code        string `json:"error"`
	Description string `json:"error_description"`
}

func (r *Refused) Error() string {
	return fmt.Sprintf("the issuer refuses with %d %s: %s", r.Status, r.Code, r.Description)
}

// OfClient tells whether it is the client that is refused, and not what it brought: whoever runs it can mend that.
func (r *Refused) OfClient() bool {
	return r.Code == "invalid_client" || r.Code == "unauthorized_client" || r.Code == "unsupported_grant_type"
}

// post sends a form to the token endpoint, or one that takes the same credentials.
func (c *Client) post(ctx context.Context, address string, form url.Values) ([]byte, error) {
	if c.ClientSecret == "" || c.SecretInBody {
		form.Set("client_id", c.ClientID)
	}
	if c.ClientSecret != "" && c.SecretInBody {
		form.Set("client_secret", c.ClientSecret)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader([]byte(form.Encode())))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if c.ClientSecret != "" && !c.SecretInBody {
		r.SetBasicAuth(url.QueryEscape(c.ClientID), url.QueryEscape(c.ClientSecret)) // RFC 6749 §2.3.1
	}
	status, body, err := c.send(r)
	switch {
	case err != nil:
		return nil, err
	case status/100 == 2: // 204 is Keycloak's, of its logout
		return body, nil
	}
	refused := &Refused{Status: status}
	if status/100 != 4 || status == http.StatusTooManyRequests || json.Unmarshal(body, refused) != nil || refused.Code == "" {
		// What stands before an issuer has pages of its own for when that is away. They refuse nobody.
		return nil, fmt.Errorf("%w: it answers %d, and no error of OAuth", ErrUnavailable, status)
	}
	return nil, refused
}

// Call sends JSON to an address with an access token, and reads the answer into one.
func (c *Client) Call(ctx context.Context, address, token string, question, answer any) error {
	body, err := json.Marshal(question)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	status, body, err := c.send(r)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("%s answers %d", address, status)
	}
	return json.Unmarshal(body, answer)
}
