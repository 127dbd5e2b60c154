package pages_test

import (
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/locale"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
)

var (
	international = &realm.Realm{Settings: realm.Settings{Name: "shop", Internationalize: true, DefaultLocale: "en"}}
	bilingual     = realm.Look{Locales: []string{"en", "de"}}
)

// choices are the addresses of the other languages of a page.
func choices(body string) (out []string) {
	_, body, _ = strings.Cut(body, `class="languages"`)
	for _, m := range regexp.MustCompile(`href="([^"]+)" lang="([^"]+)" hreflang`).FindAllStringSubmatch(body, -1) {
		out = append(out, m[2]+" "+html.UnescapeString(m[1]))
	}
	return out
}

func TestChoiceOfLanguages(t *testing.T) {
	at := func(method, address string) func(*http.Request) {
		return func(r *http.Request) {
			other, err := http.NewRequest(method, address, nil)
			if err != nil {
				t.Fatal(err)
			}
			r.Method, r.URL = method, other.URL
		}
	}
	sent := page.Login{Form: page.Form{Action: "https://id.example/realms/shop/login-actions/authenticate?session_code=c&tab_id=t"}, NameLabel: "username"}
	german := pages.View{Realm: international, Wishes: locale.Wishes{Own: "de"}}
	for name, tt := range map[string]struct {
		view pages.View
		look realm.Look
		page page.Page
		at   func(*http.Request)
		want []string
	}{
		"a form":                {pages.View{Realm: international}, bilingual, sent, at("POST", "/x"), []string{"de https://id.example/realms/shop/login-actions/authenticate?kc_locale=de&tab_id=t"}},
		"in the other language": {german, bilingual, sent, at("GET", "/x"), []string{"en https://id.example/realms/shop/login-actions/authenticate?kc_locale=en&tab_id=t"}},
		"no form":               {pages.View{Realm: international}, bilingual, page.Error{Message: page.T("x")}, at("GET", "/x?a=1"), []string{"de ?a=1&kc_locale=de"}},
		"no form, posted":       {pages.View{Realm: international}, bilingual, page.Error{Message: page.T("x")}, at("POST", "/x?a=1"), nil},
		"an account":            {pages.View{Realm: international}, bilingual, page.AccountGroups{}, at("GET", "/x?referrer=a"), []string{"de ?kc_locale=de&referrer=a"}},
		"one language":          {pages.View{Realm: international}, realm.Look{Locales: []string{"en"}}, sent, at("GET", "/x"), nil},
		"not international":     {pages.View{Realm: shop}, bilingual, sent, at("GET", "/x"), nil},
	} {
		if got := choices(show(t, tt.look, tt.view, tt.page, tt.at).Body.String()); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestChosenLanguageIsKept: it is, and nothing that is no language of the realm.
func TestChosenLanguageIsKept(t *testing.T) {
	for query, want := range map[string]string{"kc_locale=de": "de", "kc_locale=xx": "", "kc_locale=de%0d%0aX:y": "", "": ""} {
		w := show(t, bilingual, pages.View{Realm: international, Base: "https://id.example"}, page.DeviceCode{}, func(r *http.Request) { r.URL.RawQuery = query })
		got := ""
		for _, c := range w.Result().Cookies() {
			if got = c.Value; c.Name != "KEYCLOAK_LOCALE" || c.Path != "/realms/shop/" || !c.Secure || !c.HttpOnly {
				t.Errorf("%s: cookie %v", query, c)
			}
		}
		if got != want {
			t.Errorf("%s: keeps %q, want %q", query, got, want)
		}
		if lang := w.Header().Get("Content-Language"); lang != "en" && lang != want {
			t.Errorf("%s: in %s", query, lang)
		}
	}
}
