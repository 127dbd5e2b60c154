package upstream

import (
	"context"
	"fmt"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
)

// Logout signs a person out at the provider without a browser, as Keycloak does: by a GET of LogoutURL with the
// ID token of the sign-in and the id of the session here. Errors are for the log: the person is signed out here
// whatever the provider answers.
func (c *Client) Logout(ctx context.Context, s *federation.Settings, idToken, session string) error {
	req, err := request(ctx, http.MethodGet, s.LogoutURL(idToken, session, ""), nil)
	if err != nil {
		return err
	}
	a, err := do(c.closed, req) // a redirect to a page is an answer like others
	if err != nil {
		return fmt.Errorf("sign out at provider %q: %w", s.Alias, err)
	}
	if a.status < 200 || a.status > 399 {
		return fmt.Errorf("sign out at provider %q: status %d", s.Alias, a.status)
	}
	return nil
}
