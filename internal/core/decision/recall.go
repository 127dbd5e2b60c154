package decision

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Who took part in a decision, and the tokens that they brought, as a record has them.

// subject is the token that was brought. One that was issued to a client which is gone or disabled is not valid.
func (a *anew) subject() *exchange.Subject {
	s := a.Subject
	switch {
	case s.Token == "":
		return nil
	case a.Foreign == nil: // of others the client is not of this realm
		return a.held(s, a.User)
	case !a.believed():
		return &exchange.Subject{Flaw: s.Flaw}
	}
	return &exchange.Subject{Token: s.verified(a.Foreign), User: a.user(), Session: a.session(s.Session)}
}

// actor is the token of who acts; nil where none came.
func (a *anew) actor() *exchange.Subject {
	s := a.Others.Actor
	if s == nil {
		return nil
	}
	held := a.held(s, a.Others.ActorUser)
	if held.Token == nil {
		return held
	}
	held.Token.ID = s.ID
	if a.Subject != nil && a.Subject.MayAct != nil {
		for name, same := range a.Subject.MayAct.Other {
			if same {
				held.Token.Other.Set(sameAsNamed, name)
			}
		}
	}
	a.carry(held.Token, s.Roles)
	return held
}

// sameAsNamed stands for what both "may_act" and the actor token say.
const sameAsNamed = "the same"

// as is whom the subject asked to be taken for. Of the name that was asked for there is the id.
func (a *anew) as() *exchange.Impersonation {
	as := a.Others.As
	if as == nil {
		return nil
	}
	u := a.userOf(as.User)
	if u == nil {
		return &exchange.Impersonation{}
	}
	u.Enabled = !as.Disabled
	return &exchange.Impersonation{Name: u.ID, User: u}
}

// held is a token of the realm that spoke of a user.
func (a *anew) held(s *Subject, u *User) *exchange.Subject {
	switch issuer := a.realm.Client(s.Client); {
	case s.Flaw != "" || u == nil:
		return &exchange.Subject{Flaw: s.Flaw}
	case issuer == nil:
		return &exchange.Subject{Flaw: "client gone"}
	case !issuer.Enabled:
		return &exchange.Subject{Flaw: "client disabled"}
	}
	t := s.verified(nil)
	a.carry(t, s.Roles)
	return &exchange.Subject{Token: t, User: a.userOf(u), Session: a.session(s.Session)}
}

// verified is what the token said.
func (s *Subject) verified(f *Foreign) *token.Verified {
	t := &token.Verified{Claims: token.Claims{Client: s.Client, Audience: s.Audience, Scope: s.Scope, Session: s.Session, Expires: s.Expires, Path: hops(s.Path),
		RequestedResource: s.Resource, MayAct: s.MayAct.actor()},
		Origin: token.Origin{Session: token.SessionKind(s.Kind)}}
	if f != nil {
		t.Issuer = cmp.Or(s.Issuer, f.Name)
	}
	if s.Key != "" || s.Certificate != "" {
		t.Confirmation = &token.Confirmation{JKT: s.Key, Certificate: s.Certificate}
	}
	if s.Acted {
		t.Actor = &token.Actor{}
	}
	return t
}

// actor is who may act, as claims say it.
func (m *MayAct) actor() *token.Actor {
	if m == nil {
		return nil
	}
	out := &token.Actor{Subject: m.Subject, Client: m.Client, Issuer: m.Issuer, Token: m.Token, Session: m.Session}
	if m.Acted {
		out.Actor = &token.Actor{}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Other)) {
		out.Other.Set(sameAsNamed, name)
	}
	return out
}

// carry writes roles into a token where tokens have them. Those that the realm does not have any more are not carried.
func (a *anew) carry(t *token.Verified, roles []string) {
	names := map[string][]string{}
	for _, id := range roles {
		if role := a.realm.RoleByKey(id); role != nil {
			ref := a.realm.Ref(role)
			names[ref.Client] = append(names[ref.Client], ref.Name)
		}
	}
	for _, client := range slices.Sorted(maps.Keys(names)) {
		if client == "" {
			t.Other.Set(names[client], "realm_access", "roles")
		} else {
			t.Other.Set(names[client], "resource_access", client, "roles")
		}
	}
}

// user is who the decision was about.
func (a *anew) user() *user.User { return a.userOf(a.User) }

// userOf is a user as they were; nil where there was none. Their name is not in the log.
func (a *anew) userOf(was *User) *user.User {
	if was == nil {
		return nil
	}
	u := &user.User{ID: was.ID, Username: was.ID, Enabled: true, ServiceAccount: was.Service, Roles: was.Roles}
	for _, g := range was.Groups {
		u.Groups = append(u.Groups, &realm.Group{Key: g.ID, Roles: g.Roles})
		u.GroupKeys = append(u.GroupKeys, g.ID)
	}
	if was.Consent != nil {
		u.Consents = []user.Consent{{Client: a.client.Key, Scopes: was.Consent}}
	}
	return u
}

func (a *anew) session(id string) *session.Session {
	if id == "" || a.User == nil {
		return nil
	}
	return &session.Session{ID: id, UserID: a.User.ID, Offline: a.Subject != nil && token.SessionKind(a.Subject.Kind) == token.Offline}
}

func hops(path []Hop) []token.Hop {
	var out []token.Hop
	for _, h := range path {
		out = append(out, token.Hop{Client: h.Client, Issuer: h.Issuer, Assertion: h.Assertion})
	}
	return out
}
