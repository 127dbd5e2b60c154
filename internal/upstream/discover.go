package upstream

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
)

// Discover reads what an issuer publishes about itself (OpenID Connect Discovery 1.0 §4). The document must
// name that issuer.
func (c *Client) Discover(ctx context.Context, issuer string) (federation.Metadata, error) {
	return federation.Metadata{}, errors.ErrUnsupported
}
