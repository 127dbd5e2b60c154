package exchange

import (
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/policy"
)

// policed asks the realm's client policies. They speak before anything is said of the subject token, so that what is
// wrong with that may still have to be told.
func policed(s *state, t *explain.Trace) *oauth.Error {
	if len(s.Realm.Policies) == 0 {
		return nil
	}
	f := s.facts(policy.Exchange)
	f.Subject = &policy.Subject{Readable: !s.Subject.Unreadable}
	if s.Subject.Token != nil {
		f.Subject.Claims = &s.Subject.Token.Claims
	}
	return s.heed(policy.Evaluate(s.Realm, f, t))
}

// policedAgain asks for what lasts of their demands.
func policedAgain(s *state, t *explain.Trace) *oauth.Error {
	if len(s.Realm.Policies) == 0 {
		return nil
	}
	return s.heed(policy.Evaluate(s.Realm, s.facts(policy.Renewal), t))
}

func (s *state) heed(v policy.Verdict) *oauth.Error {
	s.downscoped = v.Downscoped
	return v.Refuse
}

// facts are what the policies may look at.
func (s *state) facts(stage policy.Stage) policy.Facts {
	f := s.Caller
	f.Stage, f.Issuer, f.Client, f.Key, f.Certificate = stage, s.Issuer, s.Client, s.Proved.Key, s.Proved.Certificate
	if p := s.issuer(); p != nil {
		f.Provider = p.Alias
	}
	if s.Scope != nil {
		f.Scope, f.ScopeSent = *s.Scope, true
	}
	return f
}
