package rest

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// What browsers are told that ask before they send (Fetch standard §3.2): the same at every address.
const (
	allowedHeaders = "Origin, Access-Control-Request-Method, X-Requested-With, Accept, Access-Control-Request-Headers, DPoP, Content-Type, Authorization"
	allowedMethods = "DELETE, POST, GET, PUT"
	exposedHeaders = "Location, Access-Control-Allow-Methods"
)

// preflightOr answers OPTIONS, and gives err for everything else. Which pages may call is not known before
// the token is, so every origin is told to go ahead.
func preflightOr(w http.ResponseWriter, r *http.Request, err error) error {
	if r.Method != http.MethodOptions {
		return err
	}
	h := w.Header()
	if origin := r.Header.Get("Origin"); origin != "" {
		let(h, origin)
		h.Set("Access-Control-Allow-Methods", allowedMethods)
		h.Set("Access-Control-Allow-Headers", allowedHeaders)
		h.Set("Access-Control-Max-Age", "3600")
	}
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
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
	let(w.Header(), origin)
	w.Header().Set("Access-Control-Expose-Headers", exposedHeaders)
	return nil
}

func let(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Add("Vary", "Origin")
}
