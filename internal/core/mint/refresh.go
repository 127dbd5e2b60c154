package mint

import "github.com/tokenhouse/tokenhouse/internal/core/token"

// provider is how refresh tokens say which session provider knows their session, in Keycloak's words.
const provider = "default"

// Refresh composes a refresh token, or an offline token where the session is one; access is the token
// issued beside it, whose subject and client it has, and who may act. It carries the filter of an exchange, so that what it
// refreshes to is narrowed alike. ReuseID is for the caller to set where refresh tokens rotate.
func Refresh(q Request, access *token.Claims) Token {
	r := q.For
	scope := r.RefreshScope()
	t := Token{Claims: token.Claims{
		ID:                q.ID,
		Type:              token.TypRefresh,
		Issuer:            r.Issuer,
		Audience:          []string{r.Issuer},
		Subject:           access.Subject,
		Client:            access.Client,
		Session:           q.sid(),
		Scope:             &scope,
		Expires:           seconds(q.Expires),
		IssuedAt:          seconds(q.Now),
		RequestedAudience: r.Request.Audiences,
		RequestedResource: q.Resources,
		AccessAudience:    access.Audience,
		Provider:          provider,
		Actor:             q.Actor,
		MayAct:            access.MayAct,
		Path:              q.Path,
	}}
	if r.Session != nil && r.Session.Offline {
		t.Claims.Type = token.TypOffline
	}
	t.Claims.Confirmation = heldBy(q.Confirmation, r.Client.Public)
	return t
}

// heldBy is what a refresh token is bound to of what binds the access token. As in Keycloak that is the certificate of
// every client, and the key of public ones alone: a client with credentials may refresh with another key.
func heldBy(c *token.Confirmation, public bool) *token.Confirmation {
	switch {
	case c == nil || public:
		return c
	case c.Certificate == "":
		return nil
	}
	return &token.Confirmation{Certificate: c.Certificate}
}
