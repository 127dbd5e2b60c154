package server

import (
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/groups"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/mappers"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/mappings"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/roles"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/scopes"
)

// granted are the addresses of who has which roles, and of what tokens say of it.
func granted(st *store.Store, a accounts) []rest.Route {
	show := a.view(st).List
	return slices.Concat(
		roles.Routes(roles.Deps{Roles: &manage.Roles{Store: st}, Extras: st, Users: st, Groups: st, Show: show}),
		groups.Routes(groups.Deps{Groups: &people.Groups{Store: st}, Tree: st, Users: st, Show: show}),
		scopes.Routes(scopes.Deps{Scopes: &manage.Scopes{Store: st}, Extras: st}),
		mappers.Routes(mappers.Deps{Mappers: &manage.Mappers{Store: st}}),
		mappings.Routes(mappings.Deps{Held: &people.Mappings{Store: st}, Carried: &manage.Carried{Store: st}, Holders: st, Extras: st}),
	)
}
