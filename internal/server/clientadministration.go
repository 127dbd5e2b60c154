package server

import (
	"net"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/flow/police"
	"github.com/tokenhouse/tokenhouse/internal/flow/push"
	"github.com/tokenhouse/tokenhouse/internal/flow/register"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/upstream"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/clients"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/registration"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// clientRoutes wires the flows of clients, and of those that register themselves.
func clientRoutes(st *store.Store, c Config, a accounts, inspector *inspect.Inspector) []rest.Route {
	keys := keyring.New(st, c.clock())
	flow := &manage.Clients{Store: st, Updaters: &police.Updaters{Users: st, Hosts: net.DefaultResolver}}
	pusher := &push.Pusher{Keys: keys, Record: st, Post: upstream.New(upstream.Config{AllowPrivate: c.FetchPrivate || c.Development, Now: c.clock()})}
	registrar := &register.Registrar{Realms: st, Clients: flow, Access: st, Keys: keys, Administrators: inspector,
		Verifier: inspector.Verifier, Hosts: net.DefaultResolver, Events: a.events}
	return slices.Concat(
		clients.Routes(clients.Deps{Clients: flow, Kept: st, Sessions: st, Users: st, Nodes: pusher}),
		registration.Routes(registration.Deps{Registrar: registrar, Kept: st}),
	)
}
