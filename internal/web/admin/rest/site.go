package rest

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
	"github.com/tokenhouse/tokenhouse/internal/web/caller"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Deps is what all routes need. All fields are required.
type Deps struct {
	Realms         Realms
	Administrators Administrators
	Users          Users
	Callers        *caller.Resolver
	Now            func() time.Time
	NewID          func() string
	Log            *slog.Logger
}

// Realms are the realms' configuration; fault.ErrNotFound where there is none of the name.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Administrators are who calls. A token that is refused is a *verify.Failure.
type Administrators interface {
	Administrator(ctx context.Context, base string, p verify.Presented) (*permit.Administrator, error)
}

// Users are people and service accounts; fault.ErrNotFound where there is none of the id.
type Users interface {
	User(ctx context.Context, realmKey, id string) (*user.User, error)
}

// below is where the addresses of realms' resources begin.
const below = "/admin/realms/{realm}"

// New serves routes. Two of the same method and address are a mistake in the program, and panic.
func New(d Deps, routes []Route) http.Handler {
	s := &site{Deps: d, realms: http.NewServeMux(), others: http.NewServeMux()}
	resources := map[string]resource{}
	for _, r := range routes {
		pattern := r.pattern()
		if resources[pattern] == nil {
			resources[pattern] = resource{}
		}
		if _, taken := resources[pattern][r.Method]; taken {
			panic("two routes for " + r.Method + " " + pattern)
		}
		resources[pattern][r.Method] = &r
	}
	for pattern, resource := range resources {
		s.handle(pattern, resource)
	}
	for _, pattern := range append(stems(resources), below, below+"/{rest...}") {
		if resources[pattern] == nil {
			s.handle(pattern, nil)
		}
	}
	s.others.Handle("/", render.Answer(d.Log, func(w http.ResponseWriter, r *http.Request) error { return preflightOr(w, r, errMethod) }))
	return s
}

// site is the API with what all of it needs. What is below realms is apart from all else, where a realm's
// name stands first.
type site struct {
	Deps
	realms, others *http.ServeMux
}

// prefix is what the addresses of realms' resources begin with.
const prefix = "/admin/realms/"

func (s *site) mux(path string) *http.ServeMux {
	if strings.HasPrefix(path, prefix) {
		return s.realms
	}
	return s.others
}

var (
	errMethod     = &render.Status{Code: http.StatusMethodNotAllowed, Text: "HTTP 405 Method Not Allowed"}
	errNowhere    = NotFound("HTTP 404 Not Found")
	errNoRealm    = NotFound("Realm not found.")
	errNotNormal  = &render.Status{Code: http.StatusBadRequest, Text: "missingNormalization", Description: "Request path not normalized"}
	errNoToken    = &render.Status{Code: http.StatusUnauthorized, Text: "HTTP 401 Unauthorized"}
	errOrigin     = &render.Status{Code: http.StatusForbidden, Text: "Invalid origin"}
	errAuthorized = &render.Status{Code: http.StatusBadRequest, Text: "HTTP 400 Bad Request", Description: "More than one Authorization header"}
)

// ServeHTTP finds the address. A slash at its end means nothing; two in the middle are refused, where the
// standard library would redirect.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	escaped := r.URL.EscapedPath()
	if clean := path.Clean(escaped); clean != strings.TrimSuffix(escaped, "/") && clean != escaped {
		render.Error(s.Log, w, r, errNotNormal)
		return
	}
	if !plain(r.URL.Path) {
		render.Error(s.Log, w, r, errNowhere)
		return
	}
	r, err := withQuery(r)
	if err != nil {
		render.Error(s.Log, w, r, err)
		return
	}
	if strings.HasSuffix(escaped, "/") {
		r = withPath(r, strings.TrimSuffix(escaped, "/"))
	}
	s.mux(r.URL.EscapedPath()).ServeHTTP(w, r)
}

// withPath is the request to another address, which is given escaped.
func withPath(r *http.Request, escaped string) *http.Request {
	u := *r.URL
	u.Path, _ = url.PathUnescape(escaped) // a part of what was parsed
	u.RawPath = escaped
	other := *r
	other.URL = &u
	return &other
}

func (s *site) handle(pattern string, at resource) {
	s.mux(pattern).Handle(pattern, render.Answer(s.Log, func(w http.ResponseWriter, r *http.Request) error { return s.serve(w, r, at) }))
}

// serve answers a request in the order in which Keycloak refuses: who asks, of which realm, at which
// address, and whether they may.
func (s *site) serve(w http.ResponseWriter, r *http.Request, at resource) error {
	if r.Method == http.MethodOptions {
		return preflightOr(w, r, nil)
	}
	route := at.find(r.Method)
	if route != nil && route.Open {
		return s.open(w, r, route)
	}
	q, err := s.request(w, r)
	if err != nil {
		return err
	}
	if route == nil {
		return missing(r.Method)
	}
	if err := s.permitted(q, route); err != nil {
		return err
	}
	return s.answer(w, q, route)
}

// request finds out who asks, and of which realm.
func (s *site) request(w http.ResponseWriter, r *http.Request) (*Request, error) {
	who, err := s.Callers.Of(r)
	if err != nil {
		return nil, err
	}
	administrator, err := s.administrator(w, r, who)
	if err != nil {
		return nil, err
	}
	if err := share(w, r, administrator.Client, who.Base); err != nil {
		return nil, err
	}
	q := &Request{Request: r, Administrator: administrator, Base: who.Base}
	q.Author = audit.Author{Base: who.Base, Now: s.Now(), NewID: s.NewID, Actor: event.Actor{
		Realm: administrator.Realm.Key, Client: administrator.Client.Key, UserID: administrator.User.ID}}
	if who.Address.IsValid() {
		q.Author.Actor.Address = who.Address.String()
	}
	if err := s.target(q); err != nil {
		return nil, err
	}
	return q, nil
}

// target finds the realm that the address names, where it names one.
func (s *site) target(q *Request) error {
	name := q.PathValue("realm")
	if name == "" {
		return nil
	}
	found, err := s.Realms.Realm(q.Context(), name)
	if errors.Is(err, fault.ErrNotFound) {
		return errNoRealm
	}
	if err != nil {
		return err
	}
	q.Realm = found
	if q.Administrator != nil {
		q.Rights = q.Administrator.RightsIn(found)
	}
	return nil
}

// plain tells whether a database can be asked for the text: PostgreSQL takes neither broken UTF-8 nor NUL.
func plain(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// permitted tells whether the caller may do what the route is for. Who may at least list clients or users is
// told that there is no such one, before being refused.
func (s *site) permitted(q *Request, route *Route) error {
	if q.May(route.Need) {
		return nil
	}
	if q.Realm == nil {
		return Forbidden
	}
	if q.PathValue("client") != "" && q.May(permit.ToListClients) {
		if _, err := q.Client(); err != nil {
			return err
		}
	}
	if id := q.PathValue("user"); id != "" && q.May(permit.ToListUsers) {
		_, err := s.Users.User(q.Context(), q.Realm.Key, id)
		switch {
		case errors.Is(err, fault.ErrNotFound):
			return NotFound("User not found")
		case err != nil:
			return err
		}
	}
	return Forbidden
}

// answer lets the route answer. Refusals say nothing of caching.
func (s *site) answer(w http.ResponseWriter, q *Request, route *Route) error {
	limit := route.Limit
	if limit == 0 {
		limit = bodyLimit
	}
	if limit > 0 {
		q.Request.Body = http.MaxBytesReader(w, q.Request.Body, limit)
	}
	if route.Method == http.MethodGet != route.Exceptional {
		w.Header().Set("Cache-Control", "no-cache")
	}
	err := route.Handle(w, q)
	if err != nil {
		w.Header().Del("Cache-Control")
		w.Header().Del("Content-Type")
	}
	return err
}

// bodyLimit is how long a body may be, in bytes, where its route says nothing else.
const bodyLimit = 10 << 20

// open answers a route that needs no administrator.
func (s *site) open(w http.ResponseWriter, r *http.Request, route *Route) error {
	who, err := s.Callers.Of(r)
	if err != nil {
		return err
	}
	q := &Request{Request: r, Base: who.Base}
	q.Author = audit.Author{Base: who.Base, Now: s.Now(), NewID: s.NewID}
	if who.Address.IsValid() {
		q.Author.Actor.Address = who.Address.String()
	}
	if err := s.target(q); err != nil {
		return err
	}
	return s.answer(w, q, route)
}
