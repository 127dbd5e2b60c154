package upstream

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
)

// Verify checks the signature of a provider's token by the keys that its settings hold or its JWKS URL
// publishes. The claims are not looked at. An error that wraps federation.ErrSignature is the token's fault,
// any other is of fetching the keys.
func (c *Client) Verify(ctx context.Context, s *federation.Settings, compact string) (federation.Foreign, error) {
	return federation.Foreign{}, errors.ErrUnsupported
}
