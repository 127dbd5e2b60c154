package account

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// What browsers are told that ask before they send (Fetch standard §3.2): the same at every address.
const (
	allowedHeaders = "Origin, Accept, X-Requested-With, Access-Control-Request-Method, Access-Control-Request-Headers, DPoP, Content-Type, Authorization"
	allowedMethods = "HEAD, DELETE, POST, GET, OPTIONS, PUT"
)

// preflight answers OPTIONS.
func preflight(w http.ResponseWriter, r *http.Request) {
	render.Preflight(w, r, allowedMethods, allowedHeaders)
}

// share lets the page that asked read the answer.
func share(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" {
		render.ShareWith(w.Header(), origin)
		render.Expose(w.Header())
	}
}
