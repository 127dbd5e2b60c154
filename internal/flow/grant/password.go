package grant

import "context"

// Password signs a user in by name and password.
func (i *Issuer) Password(ctx context.Context, q PasswordRequest) (*Response, error) {
	panic("provisional")
}
