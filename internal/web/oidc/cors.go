package oidc

import (
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
)

// Whether a page may call as a client is the flows' to decide; here are only the headers that tell
// its browser (Fetch standard §3.2).

const preflightHeaders = "Origin, Accept, X-Requested-With, Access-Control-Request-Method, Access-Control-Request-Headers, DPoP, Content-Type, Authorization"

// options answers a browser that asks first, and whoever else sends OPTIONS. Which pages are allowed
// is not known before the client is, so every origin is told to go ahead.
func options(w http.ResponseWriter, r *http.Request, e endpoint) {
	h := w.Header()
	switch origin := r.Header.Get("Origin"); {
	case e.preflight == "":
		h.Set("Allow", e.allow())
	case origin != "":
		share(h, origin)
		h.Set("Access-Control-Allow-Methods", e.preflight)
		h.Set("Access-Control-Allow-Headers", preflightHeaders)
		h.Set("Access-Control-Max-Age", "3600")
	}
	h.Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// share lets the pages of an origin read the answer.
func share(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Add("Vary", "Origin")
}

// sharePublic lets every page read what is public anyway.
func sharePublic(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); origin != "" {
		share(w.Header(), origin)
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
	}
	share(w.Header(), origin)
	w.Header().Set("Access-Control-Expose-Headers", expose)
}

// exposed are the headers that scripts may read.
const (
	exposed          = "Access-Control-Allow-Methods"
	exposedChallenge = "Access-Control-Allow-Methods, WWW-Authenticate"
)
