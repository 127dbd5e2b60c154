package register

import (
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

var errOrigin = oauth.Errorf(oauth.InvalidOrigin, "").InEvent("invalid_request", "invalid origin")

// share lets the page that calls read the answer, if it is of one of these web origins; another is refused. Pages of
// the server itself need no leave.
func (c *Call) share(origins []string) error {
	switch {
	case c.Origin == "" || c.Origin == realm.OriginOf(c.Base):
		return nil
	case !realm.AmongOrigins(origins, c.Origin):
		return errOrigin
	}
	c.Share()
	return nil
}

// claimOrigins is the claim of a registration access token that says whose pages may use it.
const claimOrigins = "allowed-origins"

// originsOf are the web origins that a registration access token names.
func originsOf(t *token.Verified) []string {
	origins, _ := t.Other.Get(claimOrigins).([]string)
	return origins
}
