package exchange

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// unimpersonating tells whether requested_subject is, for this requester, a parameter that the standard exchange does not
// know: exchange is on, but who the subject speaks of may not impersonate. A token that is not valid is told of first,
// and a requester without exchange that it is not allowed to.
func (s *state) unimpersonating() bool {
	return s.As != nil && switchedOn(s.Client) &&
		(len(s.Legacy) > 0 || s.Foreign != nil || s.Subject == nil || s.Subject.valid() && !s.impersonates(s.Subject))
}

// impersonator asks for a subject token: Keycloak's legacy exchange lets clients impersonate by themselves, and here
// nobody does whom act could not name.
func impersonator(s *state, t *explain.Trace) *oauth.Error {
	if s.As == nil || s.Subject != nil {
		return nil
	}
	t.Add(explain.ExchangeImpersonation, explain.Denied, s.As.Name, "no subject token says who impersonates")
	return notAllowed("client not allowed to impersonate")
}

// impersonating asks whether the subject's user may be given a token that speaks of somebody else. Every refusal reads
// the same, as in Keycloak: it is not for finding out who there is.
func impersonating(s *state, t *explain.Trace) *oauth.Error {
	if s.As == nil {
		return nil
	}
	event, why := "", ""
	switch held := s.Subject.Token; {
	case !switchedOn(s.Client):
		event, why = "client not allowed to impersonate", "token exchange is off for "+s.Client.ID
	case s.Client.Public:
		event, why = "public clients not allowed", s.Client.ID+" is a public client"
	case s.Actor != nil || s.ActorType != nil:
		event, why = "subject not allowed to impersonate", "who impersonates is the subject, and an actor token came too"
	case held.Actor != nil || held.MayAct != nil:
		event, why = "subject not allowed to impersonate", "somebody acts, or may act, for the subject"
	case !s.impersonates(s.Subject):
		event, why = "subject not allowed to impersonate", "the subject token carries no right to impersonate"
	case s.As.User == nil:
		event, why = "requested_subject not found", "there is no such user"
	case !s.As.User.MayActIn(s.Realm):
		event, why = "requested_subject not found", "the user is disabled"
	case !s.outranks(s.As.User):
		event, why = "subject not allowed to impersonate", "the user administrates what the subject may not"
	}
	if why != "" {
		t.Add(explain.ExchangeImpersonation, explain.Denied, s.As.Name, why)
		return notAllowed(event)
	}
	t.Add(explain.ExchangeImpersonation, explain.Allowed, s.As.Name, s.Subject.User.Username)
	return nil
}

// notAllowed is how everything that only an impersonation is refused for is refused.
func notAllowed(event string) *oauth.Error {
	return oauth.Errorf(oauth.AccessDenied, "Client not allowed to exchange").InEvent("not_allowed", event)
}

// impersonates tells whether somebody has the right to impersonate, now and by this token.
func (s *state) impersonates(held *Subject) bool {
	return s.administrator(held).RightsIn(s.Realm).May(permit.ToImpersonate)
}

// administrator is who a token speaks of, with the roles that they have and that the token carries.
func (s *state) administrator(held *Subject) *permit.Administrator {
	has, carried := held.User.RolesIn(s.Realm), &realm.RoleSet{}
	for _, ref := range audience.Named(&held.Token.Claims) {
		if role := s.Realm.Role(ref); role != nil && has.Has(role) {
			carried.Add(role)
		}
	}
	return &permit.Administrator{Realm: s.Realm, User: held.User, Roles: carried}
}

// outranks tells whether the subject's user has every right of administration that another user has: to become
// somebody is to be given what they have.
func (s *state) outranks(other *user.User) bool {
	a := s.administrator(s.Subject)
	return !slices.ContainsFunc(other.RolesIn(s.Realm).All(), func(role *realm.Role) bool { return !a.MayGrant(s.Realm, role) })
}
