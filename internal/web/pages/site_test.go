package pages_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tokenhouse/tokenhouse/internal/core/locale"
	"github.com/tokenhouse/tokenhouse/internal/core/page"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/server/replay"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
)

var update = flag.Bool("update", false, "write what pages are reduced to, and the screenshots")

// looks is the same look of every realm.
type looks realm.Look

func (l *looks) Look(context.Context, *realm.Realm) (*realm.Look, error) {
	return (*realm.Look)(l), nil
}

var shop = &realm.Realm{Settings: realm.Settings{Name: "shop"}}

func show(t *testing.T, look realm.Look, v pages.View, p page.Page, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/realms/shop", nil)
	for _, c := range change {
		c(r)
	}
	if err := pages.New((*looks)(&look)).Show(w, r, http.StatusOK, v, p); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestPages compares what people and programs go by on each page with a file that can be read.
func TestPages(t *testing.T) {
	for _, s := range samples {
		t.Run(s.name, func(t *testing.T) {
			w := show(t, realm.Look{Name: "Shop"}, pages.View{Realm: shop, Base: "https://id.example"}, s.page)
			got := outline(t, replay.Page(w.Body.String())["page"].(map[string]any))
			file := filepath.Join("testdata", s.name+".txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(want), got); d != "" {
				t.Error(d)
			}
		})
	}
}

// outline writes a reduced page as lines.
func outline(t *testing.T, p map[string]any) string {
	var b strings.Builder
	line := func(kind string, values ...any) {
		for _, v := range values {
			fmt.Fprintf(&b, "%s %v\n", kind, v)
		}
	}
	line("page", p["id"])
	line("#", p["heading"])
	for _, part := range []struct{ kind, member string }{{"says", "messages"}, {"item", "items"}, {"link", "links"}} {
		list, _ := p[part.member].([]any)
		line(part.kind, list...)
	}
	for _, f := range p["forms"].([]any) {
		form := f.(map[string]any)
		line("form", fmt.Sprint(form["method"], " ", form["action"], " ", form["id"]))
		values, _ := form["values"].(map[string]any)
		for _, name := range form["inputs"].([]any) {
			text := fmt.Sprint(name)
			if v, ok := values[text]; ok {
				quoted, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				text += " = " + string(quoted)
			}
			line("  field", text)
		}
	}
	return b.String()
}

// TestEveryPageIsShown compares the samples with the pages that there are.
func TestEveryPageIsShown(t *testing.T) {
	shown := map[string]bool{}
	for _, s := range samples {
		shown[s.page.Page()] = true
	}
	files, err := filepath.Glob("templates/*-*.html")
	if err != nil {
		t.Fatal(err)
	}
	parts := []string{"form-post", "new-password"} // form-post has no id, the other is part of pages
	for _, f := range files {
		id := strings.TrimSuffix(filepath.Base(f), ".html")
		if id == "account-entrance" {
			id = "account"
		}
		if !shown[id] && !slices.Contains(parts, id) {
			t.Errorf("no sample of page %s", id)
		}
	}
}

func TestHeaders(t *testing.T) {
	v := pages.View{Realm: shop, Base: "https://id.example"}
	w := show(t, realm.Look{}, v, page.Login{NameLabel: "username"})
	for name, want := range map[string]string{"Content-Type": "text/html;charset=utf-8", "Cache-Control": "no-store, must-revalidate, max-age=0",
		"Content-Security-Policy": "frame-src 'self'; frame-ancestors 'self'; object-src 'none';", "Content-Language": "en"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	w = show(t, realm.Look{Headers: map[string]string{"Content-Security-Policy": "frame-src 'none'", "X-Frame-Options": "DENY", "X-Content-Type-Options": ""}}, v, page.Error{Message: page.T("x")})
	if h := w.Header(); h.Get("Content-Security-Policy") != "frame-src 'none'" || h.Get("X-Frame-Options") != "DENY" || h.Get("Cache-Control") != "" {
		t.Errorf("headers of the realm: %v", h)
	}
	w = show(t, realm.Look{}, v, page.FrontChannelLogout{Clients: []page.FrontChannelClient{{Name: "a", URL: "https://a.example:8443/out"}, {Name: "b", URL: "https://b.example;script-src/"}}})
	if got, want := w.Header().Get("Content-Security-Policy"), "frame-src 'self' a.example:8443 ; frame-ancestors 'self'; object-src 'none';"; got != want {
		t.Errorf("policy with frames: %q, want %q", got, want)
	}
}

// TestPolicyOfPages says what pages allow themselves: no script but on those that need one.
func TestPolicyOfPages(t *testing.T) {
	for _, s := range samples {
		html := show(t, realm.Look{Accent: "#ffcc00"}, pages.View{Realm: shop, Base: "https://id.example"}, s.page).Body.String()
		_, policy, _ := strings.Cut(html, `http-equiv="Content-Security-Policy" content="`)
		policy, _, _ = strings.Cut(policy, `"`)
		if !strings.HasPrefix(policy, "default-src &#39;none&#39;;") {
			t.Errorf("%s: policy %q", s.name, policy)
		}
		if strings.Contains(policy, "script-src") != strings.Contains(html, "<script src=") || strings.Contains(html, "<script>") || regexp.MustCompile(`\son[a-z]+="`).MatchString(html) {
			t.Errorf("%s: scripts and policy %q do not agree", s.name, policy)
		}
		if strings.Contains(html, "ZgotmplZ") {
			t.Errorf("%s: an address was dropped", s.name)
		}
	}
}

func TestWhatPagesAreGivenIsText(t *testing.T) {
	const evil = `<script>alert(1)</script>"'>`
	html := show(t, realm.Look{Name: evil, Texts: map[string]map[string]string{"en": {"loginAccountTitle": evil}}}, pages.View{Realm: shop},
		page.Login{Form: page.Form{Action: "javascript:alert(1)", Notice: page.Notice{Text: page.T(evil)}}, NameLabel: evil, Username: evil, ResetURL: " JavaScript:alert(1)",
			Providers: []page.Provider{{Alias: evil, Name: evil, URL: "data:text/html,x"}}}).Body.String()
	for _, bad := range []string{"<script>", "javascript:", "JavaScript:", "data:text"} {
		if strings.Contains(html, bad) {
			t.Errorf("the page holds %q", bad)
		}
	}
}

func TestLanguages(t *testing.T) {
	look := realm.Look{Locales: []string{"en", "de"}, Texts: map[string]map[string]string{"de": {"loginAccountTitle": "Grüß Gott"}}}
	query := func(r *http.Request) { r.URL.RawQuery = "kc_locale=de" }
	accept := func(r *http.Request) { r.Header.Set("Accept-Language", "fr, de-AT;q=0.9, en;q=0.8") }
	cookie := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "KEYCLOAK_LOCALE", Value: "de"}) }
	for name, tt := range map[string]struct {
		view   pages.View
		change func(*http.Request)
		want   string
	}{
		"not international": {pages.View{Realm: shop, Wishes: locale.Wishes{Own: "de"}}, accept, "Sign in to your account"},
		"asked for":         {pages.View{Realm: international, Wishes: locale.Wishes{Client: []string{"fr", "de", "en"}}}, func(*http.Request) {}, "Grüß Gott"},
		"in the address":    {pages.View{Realm: international, Wishes: locale.Wishes{Client: []string{"en"}}}, query, "Grüß Gott"},
		"remembered":        {pages.View{Realm: international}, cookie, "Grüß Gott"},
		"of the browser":    {pages.View{Realm: international}, accept, "Grüß Gott"},
		"of the realm":      {pages.View{Realm: international, Wishes: locale.Wishes{Client: []string{"xx"}}}, func(*http.Request) {}, "Sign in to your account"},
	} {
		t.Run(name, func(t *testing.T) {
			p := replay.Page(show(t, look, tt.view, page.Login{NameLabel: "username"}, tt.change).Body.String())["page"].(map[string]any)
			if p["heading"] != tt.want {
				t.Errorf("heading %q, want %q", p["heading"], tt.want)
			}
		})
	}
}

// TestEveryTextIsInEveryLanguage holds the languages against each other: keys, and what is put in.
func TestEveryTextIsInEveryLanguage(t *testing.T) {
	read := func(locale string) map[string]string {
		file, err := os.ReadFile("messages/" + locale + ".properties")
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for line := range strings.Lines(string(file)) {
			if key, text, ok := strings.Cut(strings.TrimSpace(line), "="); ok && key[0] != '#' {
				if _, twice := out[key]; twice {
					t.Errorf("%s: %s is there twice", locale, key)
				}
				out[key] = text
			}
		}
		return out
	}
	en, de := read("en"), read("de")
	if d := cmp.Diff(slices.Sorted(maps.Keys(en)), slices.Sorted(maps.Keys(de))); d != "" {
		t.Errorf("keys (-en +de):\n%s", d)
	}
	slots := func(text string) []string {
		found := regexp.MustCompile(`\{\d\}`).FindAllString(text, -1)
		slices.Sort(found)
		return found
	}
	for key := range en {
		if d := cmp.Diff(slots(en[key]), slots(de[key])); d != "" {
			t.Errorf("%s (-en +de):\n%s", key, d)
		}
	}
}

// TestTemplatesUseKnownTexts finds keys in templates that nothing is said for.
func TestTemplatesUseKnownTexts(t *testing.T) {
	files, err := filepath.Glob("templates/*.html")
	if err != nil {
		t.Fatal(err)
	}
	en, err := os.ReadFile("messages/en.properties")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\.T "([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(string(en), "\n"+m[1]+"=") {
				t.Errorf("%s: no text for %s", f, m[1])
			}
		}
	}
}

func TestResources(t *testing.T) {
	html := show(t, realm.Look{}, pages.View{Realm: shop}, page.FormPost{}).Body.String()
	links := regexp.MustCompile(`(?:href|src)="(/resources/[^"]+)"`).FindAllStringSubmatch(html, -1)
	if len(links) != 2 {
		t.Fatalf("resources %v, want a style sheet and a script", links)
	}
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		pages.Resources().ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w
	}
	for _, l := range links {
		w := get(l[1])
		if w.Code != http.StatusOK || w.Body.Len() == 0 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/") {
			t.Errorf("%s: %d %v", l[1], w.Code, w.Header())
		}
	}
	for _, path := range []string{"/resources/", "/resources/page.css", "/resources/../site.go"} {
		if w := get(path); w.Code != http.StatusNotFound || w.Body.Len() != 0 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
