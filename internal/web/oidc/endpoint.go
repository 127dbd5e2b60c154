package oidc

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/web/caller"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// endpoint is an address and what it answers to each method.
type endpoint struct {
	get, post handler
	checks    []check
	noStore   bool           // answers, refusals too, are kept by nobody
	proofs    bool           // requests may bring DPoP proofs
	preflight string         // methods told to browsers that ask first; empty: not for browsers
	refusal   *render.Status // of other methods; nil: 405
	nowhere   bool           // the address names no realm
}

// handler answers a request that found its realm.
type handler func(w http.ResponseWriter, r *http.Request, c call) error

// call is the realm that is asked, and who asks.
type call struct {
	realm  *realm.Realm
	caller caller.Caller
}

// sent is what a request brings to prove that its sender has a key.
func (c call) sent(r *http.Request) verify.Sent { return c.caller.Sent(r, c.realm.Base(c.caller.Base)) }

// check is a condition on every request of an endpoint.
type check func(c call) error

func mustBeSecure(c call) error {
	if !c.caller.Secure && c.realm.RequiresTLS(c.caller.Address) {
		return errInsecure
	}
	return nil
}

func mustBeEnabled(c call) error {
	if !c.realm.Enabled {
		return errDisabled
	}
	return nil
}

var (
	errInsecure    = oauth.Errorf(oauth.InvalidRequest, "HTTPS required").WithStatus(http.StatusForbidden)
	errCredentials = oauth.Errorf(oauth.InvalidRequest, "More than one Authorization header")
	errDisabled    = oauth.Errorf(oauth.AccessDenied, "Realm not enabled")
	errNoRealm     = &render.Status{Code: http.StatusNotFound, Text: "Realm does not exist"}
	errNoProtocol  = &render.Status{Code: http.StatusNotFound, Text: "Protocol not found"}
	errNotFound    = &render.Status{Code: http.StatusNotFound, Text: "HTTP 404 Not Found"}
	errNowhere     = &render.Status{Code: http.StatusNotFound, Text: "Unable to find matching target resource method"}
)

func notFound(http.ResponseWriter, *http.Request, call) error { return errNotFound }

func (s *site) add(mux *http.ServeMux, pattern string, e endpoint) {
	mux.Handle(pattern, render.Answer(s.Log, func(w http.ResponseWriter, r *http.Request) error {
		return s.serve(w, r, e)
	}))
}

func (s *site) serve(w http.ResponseWriter, r *http.Request, e endpoint) error {
	h := e.handler(r.Method)
	switch {
	case r.Method == http.MethodOptions && (e.preflight != "" || e.refusal == nil):
		options(w, r, e)
		return nil
	case e.nowhere:
		return e.refusal
	case h == nil && e.refusal == nil:
		return &render.Status{Code: http.StatusMethodNotAllowed, Text: "HTTP 405 Method Not Allowed", Allow: e.allow()}
	}
	c, err := s.call(r)
	if err != nil {
		return err
	}
	if err := s.Pages.Guard(w, r, c.realm); err != nil {
		return err
	}
	if h == nil {
		return e.refusal
	}
	if len(r.Header["Authorization"]) > 1 { // a proxy before us may have looked at another one (RFC 9110 §5.3)
		return errCredentials
	}
	if e.noStore {
		w.Header()["Cache-Control"] = noStore
		w.Header()["Pragma"] = noCache
	}
	if e.proofs {
		s.Callers.TellNonce(w.Header(), c.realm)
	}
	for _, check := range e.checks {
		if err := check(c); err != nil {
			return err
		}
	}
	return h(w, r, c)
}

var (
	noStore = []string{"no-store"}
	noCache = []string{"no-cache"}
)

// handler is what answers a method, or nil.
func (e *endpoint) handler(method string) handler {
	switch method {
	case http.MethodGet, http.MethodHead:
		return e.get
	case http.MethodPost:
		return e.post
	}
	return nil
}

// allow lists the methods that work (RFC 9110 §10.2.1).
func (e *endpoint) allow() string {
	var methods []string
	if e.get != nil {
		methods = append(methods, "GET")
	}
	if e.post != nil {
		methods = append(methods, "POST")
	}
	return strings.Join(append(methods, "HEAD", "OPTIONS"), ", ")
}

// call finds the caller and the realm that a request names.
func (s *site) call(r *http.Request) (call, error) {
	who, err := s.Callers.Of(r)
	if err != nil {
		return call{}, err
	}
	name := r.PathValue("realm")
	if !utf8.ValidString(name) || strings.ContainsRune(name, 0) { // PostgreSQL takes neither
		return call{}, errNoRealm
	}
	found, err := s.Realms.Realm(r.Context(), name)
	if errors.Is(err, fault.ErrNotFound) {
		return call{}, errNoRealm
	}
	return call{found, who}, err
}

// withoutSlash lets every address end with a slash, as in Keycloak.
func withoutSlash(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := r.URL.Path; len(p) > 1 && strings.HasSuffix(p, "/") {
			u := new(url.URL)
			*u = *r.URL
			u.Path, u.RawPath = strings.TrimSuffix(p, "/"), strings.TrimSuffix(u.RawPath, "/")
			trimmed := new(http.Request)
			*trimmed = *r
			trimmed.URL = u
			r = trimmed
		}
		next.ServeHTTP(w, r)
	})
}
