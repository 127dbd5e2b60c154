package inspect

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// UserInfoRequest asks for the claims of the user behind an access token.
type UserInfoRequest struct {
	Realm         string  // its name
	Base          string  // the server's URL as the caller reaches it
	Address       string  // the caller's
	Origin        string  // header Origin; one that the token's client does not allow is refused with oauth.InvalidOrigin
	Authorization string  // the header, verbatim
	Form          *string // form parameter "access_token" of a POST; nil where absent
	Repeated      bool    // a form parameter came more than once
}

// UserInfo is the answer: Claims, or JWT where the client wants it signed.
type UserInfo struct {
	Claims token.Object
	JWT    string // answered as application/jwt where not empty
}

// UserInfo answers with claims of the user. An *oauth.Error goes into the WWW-Authenticate header, with an
// empty body; one with an empty Code has no other parameter than the realm (RFC 6750 §3).
func (i *Inspector) UserInfo(ctx context.Context, q UserInfoRequest) (*UserInfo, error) {
	panic("provisional")
}
