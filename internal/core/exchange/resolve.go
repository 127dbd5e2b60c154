package exchange

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/mapper"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// resolve is where the token may be used, found once, and once more when a rule narrowed it. The trace is of
// the first time: the rule that narrows says what it drops.
func (s *state) resolve(t *explain.Trace) *audience.Resolution {
	if s.found != nil {
		return s.found
	}
	q := s.audienceRequest()
	q.Explain = t != nil && !s.resolved
	found := audience.Resolve(q)
	t.Join(found.Trace)
	s.found, s.resolved = &found, true
	return s.found
}

// audienceRequest is what the exchange means for the audience.
func (s *state) audienceRequest() audience.Request {
	user, session := s.person()
	q := audience.Request{
		Realm: s.Realm, Issuer: s.Issuer, Client: s.Client,
		User: user, Session: session,
		Within:     audience.BoundOf(s.Realm, s.had, s.hops),
		Audiences:  s.filter(),
		KeepScopes: s.kind == oauth.TypeRefreshToken || len(s.Audiences) == 0,
	}
	if s.downscoped && q.Within == nil {
		q.Within = &audience.Bound{Scope: s.had}
	}
	if s.Scope != nil {
		q.Scope = *s.Scope
	}
	if s.Client.Exchange.Permitted != nil {
		q.Permitted = *s.Client.Exchange.Permitted
	}
	if s.Client.Tokens.Lightweight {
		q.Use = mapper.Lightweight
	}
	return q
}

// person is who the token is going to speak of, and the session behind it. An impersonation begins none: it lasts as
// long as the token.
func (s *state) person() (*user.User, *session.Session) {
	if s.As != nil {
		return s.As.User, nil
	}
	return s.Subject.User, s.Subject.Session
}

// filter is the audiences to keep, each once: those named, or those that a rule left; nil keeps all.
func (s *state) filter() []string {
	if len(s.Audiences) == 0 {
		return s.kept
	}
	var out []string
	for _, id := range s.Audiences {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
