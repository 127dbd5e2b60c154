package account

import (
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/caller"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

var (
	errInsecure = oauth.Errorf(oauth.InvalidRequest, "HTTPS required").WithStatus(http.StatusForbidden)
	errNoRealm  = rest.NotFound("Realm does not exist")
	errVersion  = rest.NotFound("API version not found")
	errNowhere  = rest.NotFound("HTTP 404 Not Found")
)

// find sends a request on in the order in which Keycloak refuses: whether there are accounts, and whether it is the
// API that is asked for.
func (s *site) find(w http.ResponseWriter, r *http.Request, at address) error {
	of, err := s.realm(r, at.realm)
	if err != nil {
		return err
	}
	if err := account.Offered(of); err != nil {
		return err
	}
	switch {
	case r.Method == http.MethodOptions:
		preflight(w, r)
		return nil
	case at.version == "" && !wantsJSON(r):
		s.page.ServeHTTP(w, r)
		return nil
	}
	who, err := s.Callers.Of(r)
	if err != nil {
		return err
	}
	if !who.Secure && of.RequiresTLS(who.Address) {
		return errInsecure
	}
	owner, err := s.owner(w, r, of, who)
	if err != nil {
		return err
	}
	s.Callers.TellNonce(w.Header(), of)
	share(w, r)
	if at.version != "" && at.version != version {
		return errVersion
	}
	s.mux.ServeHTTP(w, at.of(r.WithContext(withOwner(r.Context(), owner))))
	return nil
}

func (s *site) realm(r *http.Request, name string) (*realm.Realm, error) {
	if !utf8.ValidString(name) || strings.ContainsRune(name, 0) { // PostgreSQL takes neither
		return nil, errNoRealm
	}
	found, err := s.Realms.Realm(r.Context(), name)
	if errors.Is(err, fault.ErrNotFound) {
		return nil, errNoRealm
	}
	return found, err
}

// owner finds out who asks. Why a token is refused is not told.
func (s *site) owner(w http.ResponseWriter, r *http.Request, of *realm.Realm, who caller.Caller) (*account.Owner, error) {
	token, err := rest.Presented(r, who.Sent(r, of.Base(who.Base)))
	if err != nil {
		return nil, err
	}
	q := account.Entry{Realm: of, Base: who.Base, Origin: r.Header.Get("Origin"), Token: token}
	if who.Address.IsValid() {
		q.Address = who.Address.String()
	}
	owner, err := s.Accounts.Enter(r.Context(), q)
	if errors.Is(err, account.ErrRefused) {
		return nil, s.Callers.Refused(w, r, err, rest.Unauthorized)
	}
	return owner, err
}

// bodyLimit is how long a body may be, in bytes.
const bodyLimit = 1 << 20

// resource answers at an address, by method. Refusals say nothing of caching.
func (s *site) resource(at map[string]route) http.Handler {
	return render.Answer(s.Log, func(w http.ResponseWriter, r *http.Request) error {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		route, ok := at[method]
		if !ok {
			return errNowhere
		}
		owner := ownerIn(r.Context())
		if err := owner.Demand(route.call); err != nil {
			return rest.Forbidden
		}
		r.Body = http.MaxBytesReader(w, r.Body, bodyLimit)
		if !route.cached {
			w.Header().Set("Cache-Control", "no-cache")
		}
		err := route.handle(w, r, owner)
		if err != nil {
			w.Header().Del("Cache-Control")
			w.Header().Del("Content-Type")
		}
		return err
	})
}
