package upstream

import (
	"context"
	"fmt"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
)

// Verify checks the signature of a provider's token by the keys that its settings hold or its JWKS URL publishes,
// whatever validateSignature says: who may do without a signature says so by federation.ReadUnverified. The claims
// are not looked at. An error that wraps federation.ErrSignature is the token's fault, any other is of the keys.
func (c *Client) Verify(ctx context.Context, s *federation.Settings, compact string) (federation.Foreign, error) {
	keys, err := c.providerKeys(ctx, s, federation.KeyID(compact))
	if err != nil {
		return federation.Foreign{}, fmt.Errorf("keys of provider %q: %w", s.Alias, err)
	}
	return federation.Verify(compact, keys)
}

func (c *Client) providerKeys(ctx context.Context, s *federation.Settings, kid string) ([]jose.JSONWebKey, error) {
	if s.JWKSURL != "" {
		return c.published(ctx, s.KeysAt, s.JWKSURL, kid)
	}
	return s.Keys()
}
