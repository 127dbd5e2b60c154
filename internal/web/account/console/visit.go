package console

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/account"
	"github.com/tokenhouse/tokenhouse/internal/flow/authorize"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
	"github.com/tokenhouse/tokenhouse/internal/web/caller"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
)

// visit is one request of a browser.
type visit struct {
	realm *realm.Realm
	who   caller.Caller
	path  string // below the account, escaped
	owner *account.Owner
	form  url.Values // of a POST

	referrer, referrerURI string // as they came
	home                  page.Link
}

var errNoRealm = rest.NotFound("Realm does not exist")

func (s *site) visit(r *http.Request) (*visit, error) {
	name := r.PathValue("realm")
	if !utf8.ValidString(name) || strings.ContainsRune(name, 0) { // PostgreSQL takes neither
		return nil, errNoRealm
	}
	found, err := s.Realms.Realm(r.Context(), name)
	if errors.Is(err, fault.ErrNotFound) {
		return nil, errNoRealm
	}
	if err != nil {
		return nil, err
	}
	v := &visit{realm: found}
	if v.who, err = s.Callers.Of(r); err != nil {
		return nil, err
	}
	_, v.path, _ = strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/realms/"), "/account")
	q := r.URL.Query()
	v.referrer, v.referrerURI = q.Get("referrer"), q.Get("referrer_uri")
	v.home = v.origin()
	return v, nil
}

// closed is the message where the realm serves nobody now, or not in this way; else empty.
func (v *visit) closed() string {
	switch {
	case !v.who.Secure && v.realm.RequiresTLS(v.who.Address):
		return "httpsRequiredMessage"
	case !v.realm.Enabled:
		return "realmNotEnabledMessage"
	}
	return ""
}

func (v *visit) entry(r *http.Request) account.Visit {
	q := account.Visit{Realm: v.realm, Base: v.who.Base, Cookies: authorize.Cookies{}}
	for _, k := range r.Cookies() {
		if _, ok := q.Cookies[k.Name]; !ok {
			q.Cookies[k.Name] = k.Value
		}
	}
	if v.who.Address.IsValid() {
		q.Address = v.who.Address.String()
	}
	return q
}

// origin leads back to the application that people came from: its address must be one of its own, or anybody could
// have links on our page that lead anywhere.
func (v *visit) origin() page.Link {
	c := v.realm.Client(v.referrer)
	if v.referrer == "" || c == nil || !c.Enabled {
		return page.Link{}
	}
	to := c.Home(v.who.Base)
	if v.referrerURI != "" {
		to = c.Redirect(v.who.Base, v.referrerURI, false)
	}
	if to == "" {
		return page.Link{}
	}
	return page.Link{URL: to, Text: page.T("backTo", c.ID)}
}

// url is the address of a page of the account, which remembers where people came from.
func (v *visit) url(path string) string {
	to := v.realm.Issuer(v.who.Base) + "/account" + path
	if q := v.kept(); len(q) > 0 {
		to += "?" + q.Encode()
	}
	return to
}

// kept are the parameters that go from page to page.
func (v *visit) kept() url.Values {
	q := url.Values{}
	if v.home.URL != "" {
		q.Set("referrer", v.referrer)
		if v.referrerURI != "" {
			q.Set("referrer_uri", v.referrerURI)
		}
	}
	return q
}

// answered are the parameters by which the authorization endpoint answers.
var answered = []string{"session_state", "iss", "kc_action", "kc_action_status", "code", "state"}

// arrival is the address of the same page without what the authorization endpoint said; empty where it said nothing.
// The names of sessions are not for bookmarks.
func (v *visit) arrival(q url.Values) string {
	if !slices.ContainsFunc(answered, q.Has) {
		return ""
	}
	return v.url(v.path)
}

func (v *visit) view() pages.View {
	out := pages.View{Realm: v.realm, Base: v.who.Base}
	if v.owner != nil {
		out.Wishes.Own = v.owner.Locale()
	}
	return out
}
