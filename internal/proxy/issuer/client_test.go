package issuer_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
)

// transport answers requests without a network.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

func answer(text string) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(text))}, nil
}

// TestSecretsNeedTLS: a document that came by TLS cannot lead secrets out of it, and neither can the configuration unless it says so.
func TestSecretsNeedTLS(t *testing.T) {
	const document = `{"issuer": "https://id.example", "authorization_endpoint": "https://id.example/auth", "token_endpoint": "http://id.example/token"}`
	for _, insecure := range []bool{false, true} {
		for name, ask := range map[string]func(*issuer.Client) error{
			"token endpoint": func(c *issuer.Client) error { _, err := c.Refresh(t.Context(), "refresh"); return err },
			"revocation":     func(c *issuer.Client) error { return c.Revoke(t.Context(), "refresh") },
			"administration": func(c *issuer.Client) error {
				return c.Call(t.Context(), "http://id.example/admin", "token", "question", new(any))
			},
		} {
			var plain int
			c := issuer.New(issuer.Config{URL: "https://id.example", ClientID: "app", ClientSecret: "secret", Revocation: "http://id.example/revoke", Insecure: insecure, Now: time.Now,
				HTTP: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
					if r.URL.Scheme == "https" {
						return answer(document)
					}
					plain++
					return answer(`{"access_token": "a"}`)
				})}})
			if err := ask(c); (err == nil) != insecure || (plain > 0) != insecure {
				t.Errorf("%s, insecure %t: %d requests without TLS, %v", name, insecure, plain, err)
			}
		}
	}
}

// TestHangingIssuerIsAskedOnce: those who waited while the issuer did not answer are told so, and do not wait once more each.
func TestHangingIssuerIsAskedOnce(t *testing.T) {
	now, asked := time.Now(), 0
	c := issuer.New(issuer.Config{URL: "https://id.example", ClientID: "app", Now: func() time.Time { return now },
		HTTP: &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
			asked++
			now = now.Add(30 * time.Second)
			return nil, context.DeadlineExceeded
		})}})
	for range 3 {
		if _, err := c.Metadata(t.Context()); !errors.Is(err, issuer.ErrUnavailable) {
			t.Error(err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	now = now.Add(time.Minute)
	_, _ = c.Metadata(t.Context()) // it fails as before; that it asks is what counts
	if asked != 2 {
		t.Errorf("asked %d times, one of them later", asked)
	}
}
