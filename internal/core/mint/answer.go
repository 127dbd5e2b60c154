package mint

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Response are the members that mappers add to the token endpoint's answer; none of its own is among them.
func Response(q Request) token.Object {
	var c token.Claims
	if !slices.ContainsFunc(q.For.Mappers, writesResponse) {
		return nil
	}
	r := q.For.For(mapper.Response)
	write(&q, &r, &c)
	return c.Other
}

func writesResponse(s audience.Source) bool { return s.Kind.WritesTo(s.Mapper, mapper.Response) }

// UserInfo are the claims that the userinfo endpoint answers (OpenID Connect Core §5.3.2). For must be
// resolved for use mapper.UserInfo. "sub" is always there.
func UserInfo(q Request) token.Object {
	c := token.Claims{Other: make(token.Object, 1, roomForClaims)}
	if q.For.User != nil {
		c.Subject = q.For.User.ID
	}
	write(&q, q.For, &c)
	c.Other[0] = token.Member{Name: "sub", Value: c.Subject}
	return c.Other
}

// Introspection is what introspection tells of a token: what the token itself says of its making, and
// what mappers write now. For must be resolved for use mapper.Introspection, with the token's own filter.
func Introspection(q Request, held *token.Claims) Token {
	t := Token{Claims: token.Claims{
		ID:           held.ID,
		Type:         held.Type,
		Issuer:       held.Issuer,
		Subject:      held.Subject,
		Audience:     union(held.Audience, q.For.Audiences),
		Client:       held.Client,
		Session:      held.Session,
		Nonce:        held.Nonce,
		Scope:        held.Scope,
		Expires:      held.Expires,
		IssuedAt:     held.IssuedAt,
		NotBefore:    held.NotBefore,
		Confirmation: held.Confirmation,
		Actor:        held.Actor,
		Path:         held.Path,
		Other:        make(token.Object, 0, roomForClaims),
	}}
	t.Trace = write(&q, q.For, &t.Claims)
	narrow(q.For, &t.Claims)
	t.Claims.MayAct = held.MayAct // as the token: what a mapper says by now is of tokens to come
	return t
}

// union are the names of both lists, each once.
func union(a, b []string) []string {
	var all mapper.Names
	for _, s := range a {
		all.Add(s)
	}
	for _, s := range b {
		all.Add(s)
	}
	return all.All()
}
