package upstream

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
)

// Logout signs a person out at the provider without a browser: a GET of federation.Settings.LogoutURL. Errors are for
// the log: the person is signed out here whatever the provider answers.
func (c *Client) Logout(ctx context.Context, s *federation.Settings, idToken string) error {
	return errors.ErrUnsupported
}
