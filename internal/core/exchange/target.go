package exchange

import (
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

// known asks that each audience named is a client of the realm (A1), or a custom one that the
// requester lists.
func known(s *state, t *explain.Trace) *oauth.Error {
	for _, id := range s.Audiences {
		if s.Realm.Client(id) != nil || s.custom(id) {
			continue
		}
		s.targets = []string{id}
		t.Add(explain.ExchangeTarget, explain.Denied, id, "no client of this realm")
		return oauth.Errorf(oauth.InvalidClient, "Audience not found").InEvent("client_not_found", "audience not found")
	}
	return nil
}

// custom tells whether the requester lists an audience that is no client.
func (s *state) custom(id string) bool {
	return id != "" && ByList(s.Client, id)
}

// entitled asks that the requester has credentials (A2), or is a public client that may do without.
func entitled(s *state, t *explain.Trace) *oauth.Error {
	switch {
	case !s.Client.Public:
		return nil
	case hasStanding(s.Client):
		t.Add(explain.ExchangePublic, explain.Allowed, s.Client.ID)
		return nil
	}
	t.Add(explain.ExchangePublic, explain.Denied, s.Client.ID, "it is a public client")
	return oauth.Errorf(oauth.InvalidClient, "Public client is not allowed to exchange token").
		InEvent("invalid_client", "Public client is not allowed to exchange token")
}

// open asks that the audiences named, or else the requester, are enabled (A3).
func open(s *state, t *explain.Trace) *oauth.Error {
	ids := s.Audiences
	if len(ids) == 0 {
		ids = []string{s.Client.ID}
	}
	for _, id := range ids {
		c := s.Realm.Client(id)
		if c != nil && !c.Enabled {
			s.targets = []string{id}
			t.Add(explain.ExchangeTarget, explain.Denied, id, "disabled")
			return oauth.Errorf(oauth.InvalidClient, "Client disabled").InEvent("client_disabled", "audience client disabled")
		}
		if c != nil && len(s.Audiences) > 0 {
			t.Add(explain.ExchangeTarget, explain.Allowed, id)
		}
	}
	return nil
}

// permitted asks that the requester's list, if it has one, has each audience named.
func permitted(s *state, t *explain.Trace) *oauth.Error {
	for _, id := range s.Audiences {
		if !s.lists(id) {
			s.targets = []string{id}
			t.Add(explain.ExchangePermitted, explain.Denied, id, s.Client.ID)
			return notPermitted("client " + s.Client.ID + " may not exchange to " + id)
		}
		if s.Client.Exchange.Permitted != nil {
			t.Add(explain.ExchangePermitted, explain.Allowed, id, s.Client.ID)
		}
	}
	return nil
}

// accepted asks that each audience named, if it has a list, has the requester on it.
func accepted(s *state, t *explain.Trace) *oauth.Error {
	for _, id := range s.Audiences {
		if !s.accepts(id) {
			s.targets = []string{id}
			t.Add(explain.ExchangeAccepts, explain.Denied, id, s.Client.ID)
			return notPermitted(id + " does not accept exchanges from " + s.Client.ID)
		}
		if c := s.Realm.Client(id); c != nil && c.Exchange.Accepts != nil {
			t.Add(explain.ExchangeAccepts, explain.Allowed, id, s.Client.ID)
		}
	}
	return nil
}

// reachable asks that scopes and roles lead to each audience named (X4): all are granted, or none.
func reachable(s *state, t *explain.Trace) *oauth.Error {
	if missing := s.resolve(t).Missing; len(missing) > 0 {
		s.targets = missing
		return refuse("Requested audience not available: " + strings.Join(missing, ", "))
	}
	return nil
}

// onlyPermitted drops, where no audience was named, those that the requester does not list. If none is
// left of some, that is a refusal: a token for nobody in particular is more than was asked for.
func onlyPermitted(s *state, t *explain.Trace) *oauth.Error {
	return s.narrow(t, explain.ExchangePermitted, s.lists, func(id string) *oauth.Error {
		return notPermitted("client " + s.Client.ID + " may not exchange to " + id)
	})
}

// onlyAccepting drops likewise those that do not list the requester.
func onlyAccepting(s *state, t *explain.Trace) *oauth.Error {
	return s.narrow(t, explain.ExchangeAccepts, s.accepts, func(id string) *oauth.Error {
		return notPermitted(id + " does not accept exchanges from " + s.Client.ID)
	})
}

// narrow keeps the audiences that pass, where none was named. Roles of a client are a way to it too, though nobody
// put it into the audience: of clients that do not pass, they go.
func (s *state) narrow(t *explain.Trace, by explain.Rule, pass func(string) bool, refusal func(string) *oauth.Error) *oauth.Error {
	if len(s.Audiences) > 0 {
		return nil
	}
	kept, dropped := []string{}, []string(nil)
	found := s.resolve(t)
	for _, id := range found.Audiences {
		if pass(id) {
			kept = append(kept, id)
		} else {
			dropped = append(dropped, id)
		}
	}
	for _, role := range found.Roles {
		if role.Client != "" && !pass(role.Client) && !slices.Contains(dropped, role.Client) {
			dropped = append(dropped, role.Client)
		}
	}
	if len(dropped) == 0 {
		return nil
	}
	if len(kept) == 0 { // also where roles alone led to others: an empty filter would not outlive the token
		s.targets = dropped
		t.Add(by, explain.Denied, dropped[0], s.Client.ID)
		return refusal(dropped[0])
	}
	for _, id := range dropped {
		t.Add(by, explain.Dropped, id, s.Client.ID)
	}
	s.kept, s.found = kept, nil // to be found again, with these only
	return nil
}

// lists tells whether the requester may exchange to an audience, and accepts whether that takes exchanges from it.
func (s *state) lists(id string) bool   { return Lists(s.Realm, s.Client, id) }
func (s *state) accepts(id string) bool { return Accepts(s.Realm, s.Client, id) }

// notPermitted is how our own rules refuse.
func notPermitted(why string) *oauth.Error {
	text := "Token exchange not permitted: " + why
	return oauth.Errorf(oauth.AccessDenied, "%s", text).InEvent("not_allowed", text)
}
