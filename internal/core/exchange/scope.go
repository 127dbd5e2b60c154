package exchange

import (
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

// scoped asks that each scope asked for is one of the requester's (C1), whatever the subject has.
func scoped(s *state, t *explain.Trace) *oauth.Error {
	if s.Scope == nil {
		return nil
	}
	if _, ok := s.Realm.ScopesOf(s.Client, *s.Scope); !ok {
		t.Add(explain.ExchangeScope, explain.Denied, *s.Scope)
		text := "Invalid scopes: " + *s.Scope
		return oauth.Errorf(oauth.InvalidScope, "%s", text).InEvent("invalid_request", text)
	}
	return nil
}

// consented asks that the user allowed the requester the scopes in play, where that is needed (X3).
func consented(s *state, t *explain.Trace) *oauth.Error {
	if !s.Client.ConsentRequired {
		return nil
	}
	user, _ := s.person()
	withheld := user.Withheld(s.Client.Key, s.resolve(t).Scopes)
	if len(withheld) == 0 {
		return nil
	}
	t.Add(explain.ExchangeConsent, explain.Denied, s.Client.ID, withheld[0].Name)
	text := "Missing consents for Token Exchange in client " + s.Client.ID
	return oauth.Errorf(oauth.InvalidScope, "%s", text).InEvent("consent_denied", text)
}
