package grant

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// identify verifies the ID token that an identity assertion is to be made of.
func (t *turn) identify(ctx context.Context, q ExchangeRequest) (held verify.Held, flaw string, err error) {
	if q.SubjectToken == nil || q.SubjectTokenType == nil || *q.SubjectTokenType != string(oauth.TypeIDToken) {
		return held, "", nil
	}
	held, err = t.Verifier.IDToken(ctx, t.at, *q.SubjectToken)
	if why := verify.Why(err); why != "" {
		return verify.Held{}, string(why), nil
	}
	return held, "", err
}

// vouch gives an identity assertion, which another authorization server takes for an assertion (RFC 7523 §2.1) and
// nobody for a token. Nothing is kept of it.
func (t *turn) vouch(ctx context.Context, q ExchangeRequest, held verify.Held, d exchange.Decision) (*Response, error) {
	request := mint.IdentityRequest{ID: t.NewID(), Issuer: t.at.Realm.Issuer(t.at.Base), Client: t.client, Subject: &held.Token, Path: d.Grant.Path,
		Audience: q.Audiences[0], Scope: t.scope(), Confirmation: t.confirmation(), Now: t.at.Now}
	if len(d.Grant.Resources) > 0 {
		request.Resource = d.Grant.Resources[0]
	}
	claims := mint.Identity(request)
	signed, err := t.Keys.Sign(ctx, t.at.Realm, "", oauth.HeaderIdentity, &claims)
	if err != nil {
		return nil, err
	}
	t.event.Decision.GaveElsewhere(oauth.TypeIdentity, signed, claims)
	t.event.Set("audience", request.Audience)
	t.event.Set("scope", request.Scope)
	t.event.Set("token_id", claims.ID)
	return &Response{AccessToken: signed, TokenType: "N_A", IssuedTokenType: string(oauth.TypeIdentity),
		ExpiresIn: claims.Expires - claims.IssuedAt, NotBefore: t.notBefore(held.User), Scope: request.Scope}, nil
}
