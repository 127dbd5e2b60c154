package server

import (
	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/flow/broker"
	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/upstream"
)

var (
	_ authorize.Origins = (*store.Store)(nil)
	_ broker.Kept       = (*store.Store)(nil)
	_ broker.Sessions   = (*store.Store)(nil)
	_ broker.Tokens     = (*store.Store)(nil)
	_ broker.Users      = (*store.Store)(nil)
	_ broker.Upstream   = (*upstream.Client)(nil)
)

// addProviders lets people sign in by identity providers.
func addProviders(a *authorize.Authorizer, st *store.Store, c Config, p accounts, keys *keyring.Keyring, holders *inspect.Inspector, own broker.Own, fetch *upstream.Client) *broker.Broker {
	book := broker.NewBook(st)
	b := &broker.Broker{
		Realms: st, Sign: a, Book: book, Users: st, Rules: p.rules, Tokens: st, Holders: holders, Own: own, Keys: keys, Once: st, Sessions: st,
		People:   &people.Users{Store: st, Groups: st, Failures: st, Rules: p.rules, Passwords: p.passwords},
		Upstream: fetch,
		Herald:   p.herald, Mail: p.mail, Events: p.events, Now: c.clock(), NewID: uuid.NewString, NewSecret: newToken,
	}
	a.Providers, a.Origins = broker.Offers{Book: book}, st
	a.Entrances = append(a.Entrances, broker.FirstLogin{Broker: b})
	a.Actions = append(a.Actions, broker.Link{Broker: b})
	a.Links = broker.Letters{Broker: b, Others: a.Links}
	return b
}
