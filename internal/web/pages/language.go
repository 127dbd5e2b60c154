package pages

import (
	"html/template"
	"net/http"
	"net/url"

	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// language is a language that the page can be read in.
type language struct {
	Tag, Name string
	URL       template.URL
	Here      bool // the page is in it
}

const (
	localeParameter = "kc_locale"       // by which people choose a language
	localeCookie    = "KEYCLOAK_LOCALE" // which keeps it
)

// remember keeps the language that somebody chose, for their next pages.
func remember(w http.ResponseWriter, r *http.Request, v View, tag string) {
	if chosen := r.URL.Query().Get(localeParameter); chosen == tag && v.Realm.Internationalize {
		render.SetCookie(w, v.Realm.Issuer(v.Base), http.Cookie{Name: localeCookie, Value: tag, HttpOnly: true})
	}
}

// languages are those that the realm offers, where it offers a choice, each with the address of the same page in it.
// A page that has no address to open, as one that was posted for, offers none.
func languages(r *http.Request, s *sheet) []language {
	if len(s.offered) < 2 {
		return nil
	}
	at := addressOf(r, s)
	if at == nil {
		return nil
	}
	var out []language
	for _, tag := range s.offered {
		q := at.Query()
		q.Set(localeParameter, tag)
		there := *at
		there.RawQuery = q.Encode()
		out = append(out, language{tag, s.nameOf(tag), template.URL(there.String()), tag == s.Locale})
	}
	return out
}

// nameOf is what a language is called in itself.
func (s *sheet) nameOf(tag string) string {
	if name, ok := (words{tag, s.realm}).lookup("locale_" + tag); ok {
		return name
	}
	return tag
}

// addressOf is where the page can be opened: where its form goes, without what makes it a submission, or where it was
// opened. A nil address is nowhere.
func addressOf(r *http.Request, s *sheet) *url.URL {
	if form, ok := s.Page.(interface{ Sends() string }); ok {
		if u, err := url.Parse(form.Sends()); err == nil && u.Query().Has("session_code") {
			q := u.Query()
			q.Del("session_code")
			u.RawQuery = q.Encode()
			return u
		}
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil
	}
	return &url.URL{RawQuery: r.URL.RawQuery} // "?…": below whatever address the reader has
}
