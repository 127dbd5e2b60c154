package server

import (
	"slices"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/mail"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/localization"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/partial"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/realms"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// realmRoutes are the addresses of realms as a whole.
func realmRoutes(st *store.Store, c Config) []rest.Route {
	flow := &manage.Realms{Store: st, Now: c.clock(), NewID: uuid.NewString}
	return slices.Concat(
		realms.Routes(realms.Deps{Realms: flow, Defaults: flow, Stored: st, Mail: &mail.Client{}}),
		localization.Routes(localization.Deps{Texts: &manage.Texts{Store: st}, Stored: st}),
		partial.Routes(partial.Deps{Parts: &manage.Parts{Store: st, Members: st}}),
	)
}
