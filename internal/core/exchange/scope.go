package exchange

import (
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
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
	return s.allowed(s.resolve(t).Scopes, t)
}

// agreed is consented where an identity assertion is made. The scopes that are asked for are another server's: what the user
// had to allow is what every sign-in at the requester is for.
func agreed(s *state, t *explain.Trace) *oauth.Error {
	if !s.Client.ConsentRequired {
		return nil
	}
	var scopes []*realm.ClientScope
	for _, key := range s.Client.DefaultScopes {
		if scope := s.Realm.ScopeByKey(key); scope != nil {
			scopes = append(scopes, scope)
		}
	}
	return s.allowed(scopes, t)
}

// allowed asks that the user allowed the requester these scopes.
func (s *state) allowed(scopes []*realm.ClientScope, t *explain.Trace) *oauth.Error {
	user, _ := s.person()
	withheld := user.Withheld(s.Client.Key, scopes)
	if len(withheld) == 0 {
		return nil
	}
	t.Add(explain.ExchangeConsent, explain.Denied, s.Client.ID, withheld[0].Name)
	text := "Missing consents for Token Exchange in client " + s.Client.ID
	return oauth.Errorf(oauth.InvalidScope, "%s", text).InEvent("consent_denied", text)
}
