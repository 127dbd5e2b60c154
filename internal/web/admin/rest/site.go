package rest

import "net/http"

// New serves routes.
func New(routes []Route) http.Handler {
	mux := http.NewServeMux()
	return mux
}
