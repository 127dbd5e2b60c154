package mint

import (
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// HeaderLogout is the header "typ" of logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4).
const HeaderLogout = "logout+jwt"

// Members of the claim "events" of a logout token. The second is Keycloak's own.
const (
	eventLogout        = "http://schemas.openid.net/event/backchannel-logout"
	eventRevokeOffline = "revoke_offline_access"
)

// logoutLife is for how long a logout token is good: it is sent at once, and no longer than two minutes are advised
// (Back-Channel Logout §2.4).
const logoutLife = 2 * time.Minute

// Logout composes the token that tells a client that a session ended (Back-Channel Logout §2.4). id is its
// jti, issuer the realm's.
func Logout(id, issuer string, c *realm.Client, s *session.Session, now time.Time) token.Claims {
	events := token.Object{{Name: eventLogout, Value: token.Object{}}}
	if c.Logout.BackChannelOffline {
		events = append(events, token.Member{Name: eventRevokeOffline, Value: true})
	}
	out := token.Claims{
		ID:       id,
		Type:     token.TypLogout,
		Issuer:   issuer,
		Subject:  s.UserID,
		Audience: []string{c.ID},
		IssuedAt: now.Unix(),
		Expires:  now.Add(logoutLife).Unix(),
		Other:    token.Object{{Name: "events", Value: events}},
	}
	if c.Logout.BackChannelSession {
		out.Session = s.ID
	}
	return out
}
