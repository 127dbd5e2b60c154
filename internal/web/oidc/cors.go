package oidc

import (
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Whether a page may call as a client is the flows' to decide; here are only the headers that tell
// its browser (Fetch standard §3.2).

const preflightHeaders = "Origin, Accept, X-Requested-With, Access-Control-Request-Method, Access-Control-Request-Headers, DPoP, Content-Type, Authorization"

// options answers a browser that asks first, and whoever else sends OPTIONS.
func options(w http.ResponseWriter, r *http.Request, e endpoint) {
	if e.preflight != "" {
		render.Preflight(w, r, e.preflight, preflightHeaders)
		return
	}
	w.Header().Set("Allow", e.allow())
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// sharePublic lets every page read what is public anyway.
func sharePublic(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" {
		render.ShareWith(w.Header(), origin)
	}
}

// shareOutcome lets the page that asked read what a flow made of its request, unless err says that it
// may not. Faults of our own are for nobody's eyes.
func shareOutcome(w http.ResponseWriter, r *http.Request, err error, expose string) {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return
	}
	if err != nil {
		refused, ok := errors.AsType[*oauth.Error](err)
		if !ok || refused.Code == oauth.InvalidOrigin {
			return
		}
		if refused.Retry > 0 {
			expose += ", Retry-After"
		}
	}
	render.ShareWith(w.Header(), origin)
	render.Expose(w.Header(), expose)
}

// exposed are the headers that scripts may read.
const (
	exposed          = "Access-Control-Allow-Methods"
	exposedChallenge = "Access-Control-Allow-Methods, WWW-Authenticate"
)
