package mint

import (
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// identityLife is for how long an identity assertion is good: it is redeemed at once.
const identityLife = 5 * time.Minute

// IdentityRequest asks for an identity assertion.
type IdentityRequest struct {
	ID, Issuer   string
	Client       *realm.Client   // who redeems it
	Subject      *token.Verified // the ID token that it is made of
	Path         []token.Hop     // behind it, the ID token last
	Audience     string          // issuer of the other authorization server
	Scope        string          // of that server; empty: none is named
	Resource     string          // likewise
	Confirmation *token.Confirmation
	Now          time.Time
}

// Identity composes an identity assertion: who signed in, for which client of which other server. Who acts for them stays
// in it, and so does what it was made of: a realm of this server that redeems it asks whether that still stands. It ends with
// its ID token at the latest. It has no claim "typ", so that nothing takes it for a token of the realm.
func Identity(q IdentityRequest) token.Claims {
	out := token.Claims{
		ID:           q.ID,
		Issuer:       q.Issuer,
		Subject:      q.Subject.Subject,
		Audience:     []string{q.Audience},
		IssuedAt:     q.Now.Unix(),
		Expires:      min(q.Now.Add(identityLife).Unix(), q.Subject.Expires),
		AuthTime:     q.Subject.AuthTime,
		Confirmation: q.Confirmation,
		Actor:        q.Subject.Actor,
		MayAct:       q.Subject.MayAct,
		Path:         q.Path,
	}
	if q.Scope != "" {
		out.Scope = &q.Scope
	}
	client := q.Client.Assertions.ClientID
	if client == "" {
		client = q.Client.ID
	}
	out.Other.Set(client, "client_id")
	if q.Resource != "" {
		out.Other.Set(q.Resource, "resource")
	}
	if email, ok := q.Subject.Other.Get("email").(string); ok {
		out.Other.Set(email, "email")
	}
	return out
}
