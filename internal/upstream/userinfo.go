package upstream

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// UserInfo fetches the profile of the person whose access token this is (OpenID Connect Core §5.3). A signed
// answer is verified by the provider's keys; an unsigned token is refused. Of a provider with EmailsEndpoint the
// e-mail address is asked for where the profile has none.
func (c *Client) UserInfo(ctx context.Context, s *federation.Settings, accessToken string) (token.Object, error) {
	a, err := c.bear(ctx, s.UserInfoEndpoint, accessToken)
	if err != nil {
		return nil, fmt.Errorf("ask for the profile: %w", err)
	}
	profile, err := c.profile(ctx, s, a)
	if err != nil || !s.WantsEmails(profile) {
		return profile, err
	}
	list, err := c.bear(ctx, s.EmailsEndpoint, accessToken)
	if err != nil {
		return nil, fmt.Errorf("ask for the e-mail addresses: %w", err)
	}
	return federation.WithEmails(profile, list.body)
}

// profile reads an answer by what it says it is.
func (c *Client) profile(ctx context.Context, s *federation.Settings, a answer) (token.Object, error) {
	switch kind, _, _ := mime.ParseMediaType(a.kind); kind {
	case "application/jwt":
		f, err := c.Verify(ctx, s, string(a.body))
		if err != nil {
			return nil, err
		}
		return f.Claims, s.CheckProfile(f)
	case "text/html":
		return nil, errNoProfile
	}
	return federation.ReadProfile(a.body)
}

var errNoProfile = errors.New("the provider answers with a page in place of a profile")

// bear gets something that an access token opens.
func (c *Client) bear(ctx context.Context, address, accessToken string) (answer, error) {
	req, err := request(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+accessToken)
	req.Header.Set("Accept", "application/json, application/jwt;q=0.9")
	a, err := do(c.closed, req)
	if err != nil {
		return answer{}, err
	}
	if a.status != http.StatusOK {
		return answer{}, fmt.Errorf("the provider answers with status %d", a.status)
	}
	return a, nil
}
