package verify

import (
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

// refreshTexts are what Keycloak says of a refresh token that a rule refused.
var refreshTexts = map[Reason]string{
	Expired:        "Token is not active",
	Stale:          "Stale token",
	OtherClient:    "Invalid refresh token. Token client and authorized client don't match",
	SessionGone:    "Session not active",
	OfflineGone:    "Offline user session not found",
	OfflineExpired: "Offline session not active",
	GrantGone:      "Session doesn't have required client",
	GrantExpired:   "Client session not active",
	UserDisabled:   "User disabled",
}

// RefreshRefusal is what the client is told whose refresh token was refused. An error that is no
// *Failure stays as it is.
func RefreshRefusal(err error) error {
	var f *Failure
	if !errors.As(err, &f) {
		return err
	}
	text := refreshTexts[f.Reason]
	if text == "" {
		text = "Invalid refresh token"
	}
	return oauth.Errorf(oauth.InvalidGrant, "%s", text).InEvent("invalid_token", text).Because(err)
}
