package exchange

import (
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Renewal is the refresh of what an exchange issued, to be decided anew: what it was allowed then it
// must be allowed still, and the audiences that it was narrowed to stay the only ones.
type Renewal struct {
	Realm     *realm.Realm
	Issuer    string
	Client    *realm.Client
	User      *user.User
	Session   *session.Session
	Scope     string   // what the refresh token may have, or what of it is asked for
	Held      string   // claim "scope" of the refresh token
	Audiences []string // that the refresh token carries; nil where it was not narrowed
	Path      []token.Hop
	MayAct    *token.Actor // who may act, by the refresh token
	Acting    []Acting     // those of the realm who act by it
	Caller    policy.Facts // as Request.Caller
	Explain   bool
}

// Acting is somebody who acts by a token.
type Acting struct {
	Client string // that the token was issued to by which they do
	User   *user.User
}

// Renew decides whether what an exchange issued may be refreshed.
func Renew(q Renewal) Decision {
	return decide(&state{kind: oauth.TypeRefreshToken, hops: q.Path, had: q.Held, may: q.MayAct, acting: q.Acting, Request: Request{
		Realm: q.Realm, Issuer: q.Issuer, Client: q.Client,
		Subject: &Subject{User: q.User, Session: q.Session},
		Scope:   &q.Scope, Audiences: q.Audiences, Caller: q.Caller, Explain: q.Explain,
	}}, renewal)
}
