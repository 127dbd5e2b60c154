package exchange

import (
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

func fixActor(s *state, _ Decision) []explain.Fix {
	switch {
	case s.Actor == nil:
		return say("send the access token of who acts as actor_token, or leave out actor_token_type")
	case s.ActorType == nil || *s.ActorType != oauth.TypeAccessToken:
		return say("send actor_token_type=%s, and an access token", oauth.TypeAccessToken)
	case !s.Actor.valid():
		return say("get a new actor token: this one is not valid (%s)", s.Actor.flaw())
	}
	return say("get an actor token at %s, or one with it in the audience", s.Client.ID)
}

func fixDelegation(s *state, _ Decision) []explain.Fix {
	may := s.Subject.Token.MayAct
	switch {
	case s.Outward != nil:
		return say("leave out the actor token, and send a subject token that nobody acts by, and that names nobody who may act")
	case MakesIdentity(s.Client, s.RequestedType):
		return say("ask without an actor token and without requested_subject, by an ID token that names nobody who may act")
	case s.Actor == nil:
		return say("send an access token of who may act as actor_token")
	case s.Actor.User.ID == s.Subject.User.ID:
		return say("leave out actor_token: nobody acts for themselves")
	case s.Actor.Token.Actor != nil || len(s.Actor.Token.Path) > 0:
		return say("send the token that the actor was issued first, which did not come by an exchange")
	case may != nil:
		return say("send an access token of who may act as actor_token, or get a subject token that names %s as who may act", s.Actor.User.Username)
	}
	return append(s.letImpersonate(s.Actor),
		say("send a token that %s got by its own credentials as actor_token, or a subject token that names %s as who may act",
			s.Client.ID, s.Actor.User.Username)...)
}

func fixImpersonation(s *state, _ Decision) []explain.Fix {
	switch {
	case s.Outward != nil:
		return say("leave out requested_subject, or else requested_issuer")
	case s.Subject == nil:
		return say("send an access token of who impersonates as subject_token")
	case s.Client.Public:
		return say("let a client with credentials ask")
	case !switchedOn(s.Client):
		return fixEnabled(s, Decision{})
	case s.Actor != nil || s.ActorType != nil:
		return say("leave out the actor token: who impersonates is the subject")
	case s.Subject.Token.Actor != nil || s.Subject.Token.MayAct != nil:
		return say("send a subject token that nobody acts by, and that names nobody who may act")
	case !s.impersonates(s.Subject):
		return s.letImpersonate(s.Subject)
	case s.As.User == nil || !s.As.User.MayActIn(s.Realm):
		return say("name an enabled user, by username or id, as requested_subject")
	}
	return say("let somebody impersonate %s who has the same rights of administration", s.As.User.Username)
}

// letImpersonate gives a user the right to impersonate. The token must carry it too.
func (s *state) letImpersonate(held *Subject) []explain.Fix {
	if held == nil || !held.valid() {
		return nil
	}
	role := permit.Impersonation.Names()[0]
	sentence := "let " + held.User.Username + " impersonate"
	if c := s.Realm.Client(held.Token.Client); c != nil && !c.FullScope {
		sentence += ", and let " + c.ID + " carry the role by a scope mapping"
	}
	return do(sentence+", and get a new token",
		explain.AddRole(s.Realm.Name, held.User.Username, realm.OwnManagementClient(s.Realm.Name), role))
}
