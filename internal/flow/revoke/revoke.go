package revoke

import "context"

// Request takes a token back (RFC 7009 §2.1). The parameter "token_type_hint" is not looked at: the
// token says what it is.
type Request struct {
	Call
	Token *string // nil where absent
}

// Revoke takes a token of the calling client back. An *oauth.Error may have Status 200: that a token
// is unknown is no failure (§2.2), yet Keycloak says so in the body.
func (v *Revoker) Revoke(ctx context.Context, q Request) error { panic("provisional") }
