package server

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/authentication"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// configured are the routes to configuration that is kept whether or not it is acted on.
func configured(st *store.Store) []rest.Route {
	flows := &manage.Flows{Store: st}
	return slices.Concat(
		authentication.Routes(authentication.Deps{Documents: st, Flows: flows, Executions: flows, Configs: flows, Actions: flows}),
	)
}
