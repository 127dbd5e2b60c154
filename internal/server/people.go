package server

import (
	"slices"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/flow/authorize/action"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/post"
	"github.com/tokenhouse/tokenhouse/internal/flow/signout"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/mail"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/upstream"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/sessions"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/users"
)

// accounts is what sign-in and the administration of users share: passwords wait in one line, and what realms
// demand is read once, and letters to an address are counted once.
type accounts struct {
	passwords *verify.Passwords
	rules     *people.Rulebook
	herald    *signout.Herald
	events    *recorder
	mail      *post.Office
}

func newAccounts(st *store.Store, c Config, events *recorder) accounts {
	herald := &signout.Herald{Sessions: st, Keys: keyring.New(st, c.clock()), NewID: uuid.NewString, Log: c.log(),
		Post: upstream.New(upstream.Config{AllowPrivate: c.FetchPrivate || c.Development, Now: c.clock()})}
	return accounts{verify.NewPasswords(st), people.NewRulebook(st), herald, events, postOffice(c)}
}

// own are the accounts as their owners change them.
func (a accounts) own(st *store.Store) *people.Users {
	return &people.Users{Store: st, Groups: st, Failures: st, Rules: a.rules, Passwords: a.passwords}
}

// view makes representations of users.
func (a accounts) view(st *store.Store) users.View {
	return users.View{Profiles: a.rules, Credentials: st}
}

// looks are how realms want their pages.
func looks(st *store.Store) *people.Looks { return people.NewLooks(st) }

// peopleRoutes are the addresses of users and their sessions.
func peopleRoutes(st *store.Store, c Config, a accounts) []rest.Route {
	ended := &people.Sessions{Store: st, Users: st, Realms: st, Herald: a.herald}
	errands := action.Errands{Postman: action.Postman{Rules: a.rules, Mail: post.Desk{Mail: &mail.Client{}}, Tokens: keyring.New(st, c.clock()), NewID: uuid.NewString}}
	return slices.Concat(
		users.Routes(users.Deps{
			Users:        &people.Users{Store: st, Groups: st, Failures: st, Rules: a.rules, Passwords: a.passwords},
			Postbox:      &people.Postbox{Store: st, Rules: a.rules, Letters: errands, Log: c.log()},
			Sessions:     ended,
			Consents:     &people.Consents{Sessions: ended, Users: st, Grants: st},
			Profiles:     &people.Profiles{Store: st},
			Impersonator: &people.Impersonator{Store: st, Keys: keyring.New(st, c.clock()), Herald: a.herald, Events: a.events},
			Rules:        a.rules, Accounts: st, Groups: st, View: a.view(st),
		}),
		sessions.Routes(sessions.Deps{Sessions: ended, Stats: st}),
	)
}
