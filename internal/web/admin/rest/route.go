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
	// Path is below /admin/realms/{realm}, as "/clients/{client}"; one that begins with "/admin/" is the
	// whole address.
	Path   string
	Need   permit.Need // of the realm that the address names; a handler may demand more
	Handle Handler
}

// Handler answers a request whose caller is known and has what the route needs. It must not have
// written anything when it returns an error.
type Handler func(w http.ResponseWriter, r *Request) error
