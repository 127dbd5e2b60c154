package revoke

import "context"

// LogoutRequest signs a user out by a refresh token, with no browser involved.
type LogoutRequest struct {
	Call
	RefreshToken string
}

// Logout ends the session behind a refresh token; that it is over already is no error.
func (v *Revoker) Logout(ctx context.Context, q LogoutRequest) error { panic("provisional") }
