package proxy

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/bearer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/identity"
)

// unverified takes whatever looks like a token and has not expired: for tests of what is behind a gatekeeper.
type unverified struct{ now func() time.Time }

func (u unverified) VerifyRequest(r *http.Request, audience string, scopes ...string) (*bearer.Claims, error) {
	token, _ := credentials(r)
	return u.Verify(r.Context(), token, audience, scopes...)
}

func (u unverified) Verify(_ context.Context, token, audience string, _ ...string) (*bearer.Claims, error) {
	claims, err := identity.Payload(token)
	if err != nil {
		return nil, &bearer.Error{Code: bearer.InvalidToken, Description: "Malformed token", Reason: bearer.ErrMalformed, Cause: err}
	}
	exp, _ := claims["exp"].(float64)
	c := &bearer.Claims{Audience: identity.Texts(claims["aud"]), Expires: time.Unix(int64(exp), 0)}
	c.Client, _ = claims["azp"].(string)
	if !u.now().Before(c.Expires) {
		return nil, &bearer.Error{Code: bearer.InvalidToken, Description: "Token is expired", Reason: bearer.ErrExpired}
	}
	if slices.Contains(c.Audience, audience) {
		return c, nil
	}
	return nil, &bearer.Error{Code: bearer.InvalidToken, Description: "Invalid audience", Reason: bearer.ErrAudience, Claims: c, WantAudience: audience}
}

func (unverified) Ready(context.Context) error { return nil }
