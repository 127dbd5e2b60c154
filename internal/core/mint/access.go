package mint

import (
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// roomForClaims is for how many claims of mappers there is room at first.
const roomForClaims = 12

// Access composes an access token. For must be resolved for use mapper.Access or mapper.Lightweight.
//
// As in Keycloak the subject is for a mapper to write; tokens behind which nothing is kept of their
// client always have one. A lightweight token that was narrowed says to what.
func Access(q Request) Token {
	r := q.For
	scope := r.ScopeClaim()
	t := Token{Claims: token.Claims{
		ID:                token.NewID(q.Origin, q.ID),
		Type:              token.TypBearer,
		Issuer:            r.Issuer,
		Audience:          r.Audiences,
		Client:            r.Client.ID,
		Session:           q.sid(),
		Scope:             &scope,
		Expires:           seconds(q.Expires),
		IssuedAt:          seconds(q.Now),
		Confirmation:      q.Confirmation,
		Actor:             q.Actor,
		Path:              q.Path,
		RequestedResource: q.Resources,
		Other:             make(token.Object, 0, roomForClaims),
	}}
	if q.Confirmation != nil && q.Confirmation.JKT != "" {
		t.Claims.Type = token.TypDPoP
	}
	if r.Client.Tokens.LowerCaseBearer {
		t.Claims.Type = strings.ToLower(t.Claims.Type)
	}
	if q.Origin.Lightweight || len(q.Resources) > 0 { // its claims do not show the filter, and introspection must know it
		t.Claims.RequestedAudience = r.Request.Audiences
	}
	if r.User != nil && q.transient() {
		t.Claims.Subject = r.User.ID
	}
	t.Trace = write(&q, r, &t.Claims)
	narrow(r, &t.Claims)
	q.keepOwner(&t.Claims)
	q.keepMayAct(&t.Claims)
	return t
}

// keepOwner undoes what mappers made of the claims by which alone the realm knows whose token it is: the client,
// where nothing is kept of it, and the user, where there is no session either. A service account's own token is
// known by its client.
func (q *Request) keepOwner(c *token.Claims) {
	if q.transient() {
		c.Client = q.For.Client.ID
	}
	if q.Origin.Session == token.Transient && q.Origin.Grant != token.ByClientCredentials && q.For.User != nil {
		c.Subject = q.For.User.ID
	}
}

// keepMayAct lets who may act be who may by the token before, whatever mappers say now. Once somebody acts, no mapper
// says who may.
func (q *Request) keepMayAct(c *token.Claims) {
	if q.MayAct != nil || q.Actor != nil {
		c.MayAct = q.MayAct
	}
}

// transient tells whether nothing is kept of the client behind the token.
func (q *Request) transient() bool {
	switch q.Origin.Session {
	case token.Transient, token.OnlineTransient, token.OfflineTransient:
		return true
	}
	return false
}
