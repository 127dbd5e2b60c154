package server

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/flow/inspect"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/web/admin"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/attack"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/decisions"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/events"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/explain"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/info"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/oidc"
)

// administration serves the administration API.
func administration(st *store.Store, c Config, d oidc.Deps, inspector *inspect.Inspector, a accounts) http.Handler {
	deps := rest.Deps{Realms: st, Administrators: inspector, Users: st, Callers: d.Callers, Now: c.clock(), NewID: uuid.NewString, Log: c.log()}
	return admin.New(deps, nouns(st, c, a, inspector)...)
}

// nouns wires flows to the store and to the administration API: a line for each noun.
func nouns(st *store.Store, c Config, a accounts, inspector *inspect.Inspector) [][]rest.Route {
	abroad, obstacles := Onlookers(st, c)
	return [][]rest.Route{
		info.Routes(info.Deps{Realms: st, Started: c.clock()()}),
		events.Routes(events.Deps{Events: st}),
		clientRoutes(st, c, a, inspector),
		attack.Routes(attack.Deps{Failures: st}),
		explain.Routes(explain.Deps{People: st, Documents: st, Realms: st, Abroad: abroad, Obstacles: obstacles}),
		decisions.Routes(decisions.Deps{Log: st, Documents: st}),
		configured(st, c),
		granted(st, a),
		peopleRoutes(st, c, a),
		realmRoutes(st, c),
	}
}

// branch sends what is the administration API's to it: /admin, and client registration below a realm.
func branch(administration, others http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if administers(r.URL.Path) {
			administration.ServeHTTP(w, r)
			return
		}
		others.ServeHTTP(w, r)
	})
}

func administers(path string) bool {
	if strings.HasPrefix(path, "/admin/") {
		return len(path) > len("/admin/")
	}
	rest, ok := strings.CutPrefix(path, "/realms/")
	if !ok {
		return false
	}
	_, rest, _ = strings.Cut(rest, "/")
	return rest == "clients-registrations" || strings.HasPrefix(rest, "clients-registrations/")
}
