package upstream

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
)

// Token sends a request to a provider's token endpoint. What the provider refuses is a
// *federation.Refusal. Redirects are not followed: they would take a secret elsewhere.
func (c *Client) Token(ctx context.Context, q federation.TokenRequest) (federation.Tokens, error) {
	req, err := request(ctx, http.MethodPost, q.URL, strings.NewReader(q.Form.Encode()))
	if err != nil {
		return federation.Tokens{}, fmt.Errorf("ask the token endpoint: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if q.User != "" {
		req.SetBasicAuth(q.User, q.Password)
	}
	a, err := do(c.closed, req)
	if err != nil {
		return federation.Tokens{}, fmt.Errorf("ask the token endpoint: %w", err)
	}
	tokens, err := federation.ReadTokens(a.body)
	if refusal, ok := errors.AsType[*federation.Refusal](err); ok {
		return federation.Tokens{}, refusal
	}
	if a.status < 200 || a.status > 299 { // tokens of an answer that says it failed are none
		return federation.Tokens{}, fmt.Errorf("the token endpoint answers with status %d", a.status)
	}
	return tokens, err
}
