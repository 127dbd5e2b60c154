package server

import (
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/flow/push"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/upstream"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/clients"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// clientRoutes wires the flows of clients.
func clientRoutes(st *store.Store, c Config) []rest.Route {
	keys := keyring.New(st, c.clock())
	pusher := &push.Pusher{Keys: keys, Record: st, Post: upstream.New(upstream.Config{AllowPrivate: c.FetchPrivate || c.Development, Now: c.clock()})}
	return clients.Routes(clients.Deps{Clients: &manage.Clients{Store: st}, Kept: st, Sessions: st, Users: st, Nodes: pusher})
}
