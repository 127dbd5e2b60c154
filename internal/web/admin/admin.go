// Package admin is the administration API at /admin, as Keycloak's tools call it.
package admin

import (
	"net/http"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// New serves the API, from the root of the server. Each of the nouns brings its routes.
func New(d rest.Deps, nouns ...[]rest.Route) http.Handler {
	return rest.New(d, slices.Concat(nouns...))
}
