package upstream

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
)

// Token sends a request to a provider's token endpoint. What the provider refuses is a
// *federation.Refusal. Redirects are not followed: they would take a secret elsewhere.
func (c *Client) Token(ctx context.Context, q federation.TokenRequest) (federation.Tokens, error) {
	return federation.Tokens{}, errors.ErrUnsupported
}
