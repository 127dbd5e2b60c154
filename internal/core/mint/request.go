package mint

import (
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// Request asks for one token. Realm, client, user, session and scopes are those of For.
type Request struct {
	For *audience.Resolution

	Base  string         // the server's URL as the caller reaches it
	Grant *session.Grant // nil where none is kept

	ID      string       // unique; the jti of an access token gets the prefix that Origin says
	Origin  token.Origin // of the access token
	Now     time.Time
	Expires time.Time // zero: the token does not say
	Nonce   string    // of the authorization request

	Resources []string // that the grant is for (RFC 8707); nil: it was given without

	Confirmation *token.Confirmation
	Actor        *token.Actor
	MayAct       *token.Actor
	Path         []token.Hop

	Explain bool // record what mappers wrote; what led to roles and audience is in the trace of For
}

// Token is what a token says, not signed yet.
type Token struct {
	Claims token.Claims
	Trace  *explain.Trace // nil unless asked for
}

// sid is the id of the session behind the token; empty where none is kept.
func (q *Request) sid() string {
	if q.For.Session.Transient() || q.Origin.Session == token.Transient {
		return ""
	}
	return q.For.Session.ID
}

// seconds is a time as tokens say it; zero is absent.
func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}
