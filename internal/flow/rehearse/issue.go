package rehearse

import (
	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/mint"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Issue is what a client would be given for a user who signs in.
type Issue struct {
	Access   token.Claims
	ID       token.Claims
	UserInfo token.Object
	Missing  []string // of the audiences asked for
}

// OfIssue composes what the scene leads to, narrowed to audiences where they are not nil. Ids are new, and
// of nothing that is kept.
func OfIssue(s Scene, audiences []string, newID func() string) Issue {
	signedIn := s.session()
	if signedIn != nil {
		signedIn.ID = newID()
	}
	q := s.request()
	q.Session, q.Audiences, q.Explain = signedIn, audiences, false
	found := audience.Resolve(q)
	origin := s.origin()
	origin.Grant = token.ByUnknown
	grant := &session.Grant{Client: s.Client.Key, Started: s.Now, LastAccess: s.Now}
	ask := mint.Request{For: &found, Base: s.Base, ID: newID(), Origin: origin, Now: s.Now,
		Expires: session.AccessExpires(s.Realm, s.Client, signedIn, grant, s.Now)}
	out := Issue{Access: mint.Access(ask).Claims, Missing: found.Missing}
	ask.ID = newID()
	out.ID = mint.ID(ask, "", s.Client.Tokens.IDAlg).Claims
	told := found.For(mapper.UserInfo)
	ask.For = &told
	out.UserInfo = mint.UserInfo(ask)
	return out
}
