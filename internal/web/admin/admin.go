// Package admin is the administration API at /admin, as Keycloak's tools call it.
package admin

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/caller"
)

// Deps is what the API calls. All fields are required.
type Deps struct {
	Realms  Realms
	Callers *caller.Resolver
	Now     func() time.Time
	NewID   func() string
	Log     *slog.Logger
}

// Realms are the realms' configuration; fault.ErrNotFound where there is none of the name.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// New serves the API, from the root of the server. Each of the nouns brings its routes.
func New(d Deps, nouns ...[]rest.Route) http.Handler {
	return rest.New(slices.Concat(nouns...))
}
