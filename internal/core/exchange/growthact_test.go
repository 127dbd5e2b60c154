package exchange_test

import (
	"cmp"
	"fmt"
	"slices"

	compare "github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// isActedWith sees that act grows at its head alone, that who came to act may, and that may_act stays as it was.
func (c *chain) isActedWith(q exchange.Request) {
	before := q.Subject.Token
	was, may := named(before.Actor, q), named(before.MayAct, q)
	want := was
	switch {
	case q.Actor != nil:
		if why := cannotAct(q, may); why != "" {
			c.Fatalf("%s acts, and %s", q.Actor.User.ID, why)
		}
		by := q.Actor.Token
		want = &token.Actor{Subject: q.Actor.User.ID, Client: by.Client, Token: by.ID, Session: by.Session, Actor: was}
		c.seen["acted"]++
		if was != nil {
			c.seen["acted again"]++
		}
	case was != nil:
		c.seen["acted before"]++
	case may != nil:
		c.Fatalf("%+v may act, and nobody does", may)
	}
	if diff := compare.Diff(want, c.held.Actor); diff != "" {
		c.Fatalf("act (-want +got):\n%s", diff)
	}
	switch {
	case may != nil:
		c.seen["may act"]++
	case was == nil && q.Actor == nil && c.held.MayAct != nil:
		c.seen["told who may act"]++ // by a mapper: nobody acts yet
		return
	}
	if diff := compare.Diff(may, c.held.MayAct); diff != "" {
		c.Fatalf("may_act (-want +got):\n%s", diff)
	}
}

// named is an actor in the token of another issuer, whose people have that issuer's names.
func named(a *token.Actor, q exchange.Request) *token.Actor {
	if a == nil || q.Foreign == nil {
		return a
	}
	there := *a
	there.Issuer, there.Actor = cmp.Or(a.Issuer, q.Subject.Token.Issuer), named(a.Actor, q)
	return &there
}

// cannotAct is why the actor of a request may not act for the subject; empty where they may.
func cannotAct(q exchange.Request, may *token.Actor) string {
	actor, by := q.Actor.User, q.Actor.Token
	own := actor.ServiceAccount == q.Client.ID && by.Client == q.Client.ID
	carries := audience.Named(&by.Claims)
	impersonates := slices.Contains(actor.Roles, impersonation) && slices.Contains(carries, realm.RoleRef{Client: management, Name: impersonation})
	switch {
	case by.Client != q.Client.ID && !slices.Contains(by.Audience, q.Client.ID):
		return "the token is not the requester's"
	case actor.ID == q.Subject.User.ID:
		return "is the subject"
	case by.Actor != nil || len(by.Path) > 0:
		return "the token came by an exchange"
	case may == nil && !own && !impersonates:
		return "is neither the requester nor may impersonate"
	case may == nil:
	case may.Subject != "" && may.Subject != actor.ID, may.Client != "" && may.Client != by.Client, may.Issuer != "" && may.Issuer != q.Issuer,
		may.Subject == "" && actor.ServiceAccount != may.Client:
		return fmt.Sprintf("who may is %+v", *may)
	}
	return ""
}
