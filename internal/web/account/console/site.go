// Package console serves the pages by which people look after their own account: below /realms/{realm}/account, for
// those who do not ask for JSON. The rules are those of the account API; beside them each form proves that it comes
// from the owner's own page, and what people sign in by changes only soon after they proved who they are.
package console

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
	"github.com/tokenhouse/tokenhouse/internal/web/caller"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Deps is what the pages call. All fields are required.
type Deps struct {
	Realms   Realms
	Accounts *account.Accounts
	Pages    Pages
	Callers  *caller.Resolver
	Log      *slog.Logger
	NewToken func() string // unguessable
}

// Realms are the realms' configuration; fault.ErrNotFound where there is none of the name.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Pages shows pages to people. It is a *pages.Site.
type Pages interface {
	Show(w http.ResponseWriter, r *http.Request, status int, v pages.View, p page.Page) error
}

// site is the pages with what they call.
type site struct{ Deps }

// New serves the pages, from the root of the server.
func New(d Deps) http.Handler {
	s := &site{d}
	mux := http.NewServeMux()
	for _, r := range s.routes() {
		mux.Handle(below+r.path, s.resource(r))
	}
	mux.Handle(below+"/{rest...}", s.resource(route{}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, withoutSlash(r))
	})
}

// withoutSlash is the request without a slash at the end of its address, which means nothing.
func withoutSlash(r *http.Request) *http.Request {
	if !strings.HasSuffix(r.URL.Path, "/") {
		return r
	}
	u := *r.URL
	u.Path, u.RawPath = strings.TrimSuffix(u.Path, "/"), strings.TrimSuffix(u.RawPath, "/")
	other := *r
	other.URL = &u
	return &other
}

// below is where the account of a realm is.
const below = "/realms/{realm}/account"

// Where the pages are, below the account.
const (
	pathSignIn       = "/account-security/signing-in"
	pathDevices      = "/account-security/device-activity"
	pathLinks        = "/account-security/linked-accounts"
	pathApplications = "/applications"
	pathGroups       = "/groups"
)

// route is an address and what it answers.
type route struct {
	path string
	see  account.Call // that the page needs
	get  handler
	do   account.Call // that the form needs
	post handler      // nil: there is no form

	// proven demands that the owner proved lately who they are, for page and form.
	proven bool
}

// handler answers an owner whose roles let them make the route's call. It must not have written anything when it
// returns an error.
type handler func(w http.ResponseWriter, r *http.Request, v *visit) error

func (s *site) routes() []route {
	return []route{
		{path: "", see: account.ReadProfile, get: s.profile, do: account.WriteProfile, post: s.changeProfile},
		{path: "/personal-info", see: account.ReadProfile, get: s.profile, do: account.WriteProfile, post: s.changeProfile},
		{path: pathSignIn, see: account.ReadCredentials, get: s.signIn},
		{path: pathSignIn + "/{credential}", see: account.WriteCredentials, get: s.askRemove, do: account.WriteCredentials, post: s.remove, proven: true},
		{path: pathDevices, see: account.ReadSessions, get: s.devices, do: account.EndSessions, post: s.endSession},
		{path: pathApplications, see: account.ReadApplications, get: s.applications, do: account.WriteConsent, post: s.withdraw},
		{path: pathLinks, see: account.ReadLinks, get: s.links},
		{path: pathLinks + "/{provider}", see: account.WriteLinks, get: s.askUnlink, do: account.WriteLinks, post: s.unlink, proven: true},
		{path: pathGroups, see: account.ReadGroups, get: s.groups},
	}
}

// formLimit is how long a form may be, in bytes.
const formLimit = 64 << 10

// resource answers at an address: who is not in is led in, and who may not is told.
func (s *site) resource(at route) http.Handler {
	return render.Answer(s.Log, func(w http.ResponseWriter, r *http.Request) error {
		v, err := s.visit(r)
		if err != nil {
			return err
		}
		if closed := v.closed(); closed != "" {
			return s.show(w, r, v, http.StatusBadRequest, page.Error{Message: page.T(closed)})
		}
		v.owner, err = s.Accounts.Visit(r.Context(), v.entry(r))
		if v.owner == nil {
			return s.receive(w, r, v, err)
		}
		w.Header().Set("Cache-Control", "no-store")
		return s.serve(w, r, v, at)
	})
}

// serve answers somebody who is in.
func (s *site) serve(w http.ResponseWriter, r *http.Request, v *visit, at route) error {
	var err error
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if at.get == nil {
			return s.tell(w, r, v, http.StatusNotFound, "accountNothingHere")
		}
		if came := v.arrival(r.URL.Query()); came != "" {
			render.Redirect(w, came)
			return nil
		}
		if v.owner.Demand(at.see) != nil {
			return s.tell(w, r, v, http.StatusForbidden, "accountForbidden")
		}
		if at.proven && !v.owner.Proven() {
			return s.prove(w, v)
		}
		err = at.get(w, r, v)
	case http.MethodPost:
		if at.post == nil {
			return s.tell(w, r, v, http.StatusNotFound, "accountNothingHere")
		}
		if v.form, err = readForm(w, r); err != nil {
			return s.tell(w, r, v, http.StatusBadRequest, "invalidRequestMessage")
		}
		if err := s.Accounts.Sealed(v.owner, v.form.Get("stateChecker")); err != nil {
			return s.tell(w, r, v, http.StatusForbidden, "accountStaleForm")
		}
		if v.owner.Demand(at.do) != nil {
			return s.tell(w, r, v, http.StatusForbidden, "accountForbidden")
		}
		if at.proven && !v.owner.Proven() {
			return s.prove(w, v)
		}
		err = at.post(w, r, v)
	default:
		return &render.Status{Code: http.StatusMethodNotAllowed, Text: "HTTP 405 Method Not Allowed", Allow: "GET, POST, HEAD"}
	}
	if text := mistake(err); text != "" {
		return s.tell(w, r, v, http.StatusBadRequest, text)
	}
	return err
}

// readForm reads the body alone: what a link can bring is no form.
func readForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, formLimit)
	err := r.ParseForm()
	return r.PostForm, err
}
