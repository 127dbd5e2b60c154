package server

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/upstream"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/authentication"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/authz"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/components"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/policies"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/providers"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// configured are the routes to configuration that is kept whether or not it is acted on.
func configured(st *store.Store, c Config) []rest.Route {
	flows := &manage.Flows{Store: st}
	idps := &manage.Providers{Store: st}
	servers := &manage.Authorization{Store: st}
	fetch := upstream.New(upstream.Config{AllowPrivate: c.FetchPrivate || c.Development, Now: c.clock()})
	return slices.Concat(
		authentication.Routes(authentication.Deps{Documents: st, Flows: flows, Executions: flows, Configs: flows, Actions: flows}),
		providers.Routes(providers.Deps{Documents: st, Providers: idps, Mappers: idps, Fetch: fetch, Groups: st}),
		components.Routes(components.Deps{Documents: st, Components: &manage.Components{Store: st}}),
		authz.Routes(authz.Deps{Servers: servers, Contents: servers}),
		policies.Routes(policies.Deps{Documents: st, Policies: &manage.Policies{Store: st}}),
	)
}
