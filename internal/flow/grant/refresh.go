package grant

import "context"

// Refresh gives new tokens for a refresh token.
func (i *Issuer) Refresh(ctx context.Context, q RefreshRequest) (*Response, error) {
	panic("provisional")
}
