package rest

import (
	"net/http"
	"strings"
)

// stems are the addresses that stand before any rest: ServeMux would redirect them to themselves with a slash, which
// ServeHTTP takes off.
func stems(resources map[string]resource) []string {
	var out []string
	for pattern := range resources {
		if strings.HasSuffix(pattern, "...}") {
			out = append(out, pattern[:strings.LastIndex(pattern, "/{")])
		}
	}
	return out
}

// pattern is the whole address of a route, in http.ServeMux's form.
func (r *Route) pattern() string {
	if strings.HasPrefix(r.Path, "/admin/") || strings.HasPrefix(r.Path, "/realms/") {
		return r.Path
	}
	return below + r.Path
}

// resource is what there is at an address, by method.
type resource map[string]*Route

// find is what answers a method, or nil.
func (at resource) find(method string) *Route {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	return at[method]
}

// missing is the refusal of a method that nothing answers at the address.
func missing(method string) error {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete:
		return errNowhere
	}
	return errMethod // the API knows no such method anywhere
}
