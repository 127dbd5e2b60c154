package rest

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// What browsers are told that ask before they send (Fetch standard §3.2): the same at every address.
const (
	allowedHeaders = "Origin, Access-Control-Request-Method, X-Requested-With, Accept, Access-Control-Request-Headers, DPoP, Content-Type, Authorization"
	allowedMethods = "DELETE, POST, GET, PUT"
	exposedHeaders = "Location, Access-Control-Allow-Methods"
)

// preflightOr answers OPTIONS, and gives err for everything else.
func preflightOr(w http.ResponseWriter, r *http.Request, err error) error {
	if r.Method != http.MethodOptions {
		return err
	}
	render.Preflight(w, r, allowedMethods, allowedHeaders)
	return nil
}

// share lets the page that asked read the answer, if it is one of the client's; another is refused. Pages of the
// server itself need no leave.
func share(w http.ResponseWriter, r *http.Request, c *realm.Client, base string) error {
	origin := r.Header.Get("Origin")
	switch {
	case origin == "" || origin == realm.OriginOf(base):
		return nil
	case !c.AllowsOrigin(base, origin):
		return errOrigin
	}
	render.ShareWith(w.Header(), origin)
	render.Expose(w.Header(), exposedHeaders)
	return nil
}
