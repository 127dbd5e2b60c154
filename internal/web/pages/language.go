package pages

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// language is a language that the page can be read in.
type language struct {
	Tag, Name string
	URL       template.URL
	Here      bool // the page is in it
}

// localeParameter is the parameter by which people choose a language.
const localeParameter = "kc_locale"

// languages are those that the realm offers, where it offers a choice, each with the address of the same page in it.
// A page that has no address to open, as one that was posted for, offers none.
func languages(r *http.Request, s *sheet, v View, look *realm.Look) []language {
	if !v.Realm.Internationalize || len(look.Locales) < 2 {
		return nil
	}
	at := addressOf(r, s)
	if at == nil {
		return nil
	}
	var out []language
	for _, tag := range slices.Sorted(slices.Values(look.Locales)) {
		q := at.Query()
		q.Set(localeParameter, tag)
		there := *at
		there.RawQuery = q.Encode()
		named := words{tag, look.Texts}
		name, ok := named.lookup("locale_" + tag)
		if !ok {
			name = tag
		}
		out = append(out, language{tag, name, template.URL(there.String()), tag == s.Locale})
	}
	return out
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
