package upstream

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
)

// Discover reads what an issuer publishes about itself (OpenID Connect Discovery 1.0 §4). The document must
// name that issuer.
func (c *Client) Discover(ctx context.Context, issuer string) (federation.Metadata, error) {
	body, err := c.get(ctx, strings.TrimSuffix(issuer, "/")+"/.well-known/openid-configuration")
	if err != nil {
		return federation.Metadata{}, fmt.Errorf("discover %s: %w", issuer, err)
	}
	var m federation.Metadata
	if err := json.Unmarshal(body, &m); err != nil {
		return federation.Metadata{}, fmt.Errorf("discover %s: %w", issuer, err)
	}
	if m.Issuer != issuer {
		return federation.Metadata{}, fmt.Errorf("discover %s: the document is about %q", issuer, m.Issuer)
	}
	return m, nil
}
