package grant

import (
	"context"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// parties proves who asks for an exchange, and what they hold. A subject token that is not valid is no
// error here but a flaw: other faults of the request may come first.
func (t *turn) parties(ctx context.Context, q ExchangeRequest) (held verify.Held, flaw string, err error) {
	if !anonymous(q.Credentials) {
		if err := t.authenticate(ctx); err != nil {
			return held, "", err
		}
		identity := exchange.MakesIdentity(t.client, tokenType(q.RequestedTokenType))
		t.foreign = t.abroad(q, !identity && exchange.TakesForeign(t.client))
		return t.subject(ctx, q)
	}
	if err := t.enter(ctx); err != nil {
		return held, "", err
	}
	t.foreign = t.abroad(q, true)
	if t.foreign != nil && t.foreign.standIn() == nil {
		return held, "", t.identifyClient(ctx)
	}
	held, flaw, err = t.subject(ctx, q)
	if err != nil {
		return held, "", err
	}
	return held, flaw, t.adopt(ctx, q, held, flaw)
}

// subject verifies the subject token, where there is one that could be.
func (t *turn) subject(ctx context.Context, q ExchangeRequest) (held verify.Held, flaw string, err error) {
	switch {
	case t.getsForeign(q):
		if q.SubjectTokenType == nil { // what the legacy exchange takes it for
			q.SubjectTokenType = (*string)(new(oauth.TypeAccessToken))
		}
	case t.client != nil && exchange.MakesIdentity(t.client, tokenType(q.RequestedTokenType)):
		return t.identify(ctx, q)
	case t.foreign != nil:
		return t.welcome(ctx, q)
	}
	if q.SubjectToken == nil || q.SubjectTokenType == nil || *q.SubjectTokenType != string(oauth.TypeAccessToken) {
		return held, "", nil
	}
	held, err = t.Verifier.Subject(ctx, t.at, *q.SubjectToken)
	if why := verify.Why(err); why != "" {
		return verify.Held{}, string(why), nil
	}
	return held, "", err
}

// anonymous tells whether a request says nothing about its client: no parameter, and no header but a
// bearer token.
func anonymous(c verify.Credentials) bool {
	_, bearer := bearerOf(c.Authorization)
	return (c.Authorization == "" || bearer) &&
		c.ID == nil && c.Secret == nil && c.AssertionType == nil && c.Assertion == nil
}

// bearerOf is the token of an Authorization header with scheme Bearer.
func bearerOf(header string) (bearer string, ok bool) {
	scheme, bearer, ok := strings.Cut(header, " ")
	return strings.TrimSpace(bearer), ok && strings.EqualFold(scheme, "Bearer")
}

// adopt takes the public client that the subject token was issued to for the one that asks, where that client may
// exchange without saying so; of another issuer's token, the client that its provider names. Others hear what every
// request without a client hears.
func (t *turn) adopt(ctx context.Context, q ExchangeRequest, held verify.Held, flaw string) error {
	c := held.Client
	if t.foreign != nil {
		c = t.foreign.standIn()
	}
	if flaw != "" || c == nil || !c.Public || !c.Exchange.Public {
		return t.identifyClient(ctx)
	}
	t.adopted, t.event.Client = true, c.ID
	if bearer, ok := bearerOf(q.Credentials.Authorization); ok && bearer != *q.SubjectToken {
		const text = "The bearer token is not the subject token"
		return oauth.Errorf(oauth.InvalidRequest, text).InEvent("invalid_request", text)
	}
	return t.admit(ctx, c)
}
