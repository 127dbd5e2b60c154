// Package account serves the API by which people look after their own account: /realms/{realm}/account, as
// Keycloak's.
package account

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
	"github.com/tokenhouse/tokenhouse/internal/web/caller"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Deps is what the API calls. All fields are required.
type Deps struct {
	Realms   Realms
	Accounts *account.Accounts
	Texts    Texts
	Callers  *caller.Resolver
	Log      *slog.Logger
}

// Realms are the realms' configuration; fault.ErrNotFound where there is none of the name.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Texts says what is configured for people in the language of whoever asks. It is a *pages.Site.
type Texts interface {
	Said(r *http.Request, v pages.View, text string) (string, error)
}

// New serves the API. Requests that are not for JSON are for the page, and those to other addresses for others.
func New(d Deps, page, others http.Handler) http.Handler {
	s := &site{Deps: d, page: page, mux: http.NewServeMux()}
	for path, at := range byPath(s.routes()) {
		s.mux.Handle(below+path, s.resource(at))
	}
	s.mux.Handle(below+"/{rest...}", s.resource(nil))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at, ok := addressOf(r.URL)
		if !ok {
			others.ServeHTTP(w, r)
			return
		}
		render.Answer(d.Log, func(w http.ResponseWriter, r *http.Request) error { return s.find(w, r, at) }).ServeHTTP(w, r)
	})
}

// site is the API with what it calls.
type site struct {
	Deps
	page http.Handler
	mux  *http.ServeMux
}

// below is where the account of a realm is.
const below = "/realms/{realm}/account"

// byPath are routes by path and method.
func byPath(routes []route) map[string]map[string]route {
	out := map[string]map[string]route{}
	for _, r := range routes {
		if out[r.path] == nil {
			out[r.path] = map[string]route{}
		}
		out[r.path][r.method] = r
	}
	return out
}
