// Package rest is what all resources of the administration API share: how an address is found, who
// asks, what they may do, how bodies are read and answers written.
package rest

import (
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/permit"
)

// Route is an address of the API, and who may ask there for what.
type Route struct {
	Method string // GET answers HEAD too
	// Path is below /admin/realms/{realm}, as "/clients/{client}", and empty for the realm itself; one
	// that begins with "/admin/" or "/realms/" is the whole address.
	Path   string
	Need   permit.Need // of the realm that the address names; a handler may demand more
	Handle Handler

	// Exceptional is a route whose answers are cached other than its method's usual: that of a GET without
	// Cache-Control, or another with "no-cache".
	Exceptional bool
	Limit       int64 // most bytes of a body; zero: 10 MiB, negative: none
	Open        bool  // nobody has to have signed in; the handler asks who calls
}

// Handler answers a request whose caller is known and has what the route needs. It must not have
// written anything when it returns an error.
type Handler func(w http.ResponseWriter, r *Request) error
