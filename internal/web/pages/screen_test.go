package pages_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/tokenhouse/tokenhouse/internal/browsertest"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/web/pages"
)

const (
	// screens is where the pictures of pages are.
	screens = "../../../docs/screens"
	// axeCore judges how accessible pages are; "npm ci" in testdata/axe brings it.
	axeCore = "testdata/axe/node_modules/axe-core/axe.min.js"
)

// glass is what a page is looked at through.
type glass struct {
	name          string
	width, height int64
	scheme        string // prefers-color-scheme
}

var glasses = []glass{{"light", 800, 700, "light"}, {"dark", 800, 700, "dark"}, {"phone", 390, 844, "light"}}

// TestScreens looks at each page in a browser: its style sheet and pictures must be there, nothing may be wider than the
// window, and axe-core must find it accessible, in the light and in the dark. With -update it writes the pictures.
func TestScreens(t *testing.T) {
	axe, err := os.ReadFile(axeCore)
	if err != nil {
		t.Log("axe-core is not installed, so pages are not judged by it: npm ci in testdata/axe")
	}
	browser, site := browsertest.Open(t), sampleSite(t)
	for _, g := range glasses {
		tab := open(t, browser, g)
		for _, s := range samples {
			if s.page.Page() == "" {
				continue // it sends itself away
			}
			t.Run(s.name+"-"+g.name, func(t *testing.T) {
				tab := tab.In(t)
				tab.Do(chromedp.Navigate(site + s.name))
				see(tab, "the style sheet is missing", `document.styleSheets.length === 0 || document.styleSheets[0].cssRules.length === 0`)
				see(tab, "a picture is missing", `[...document.images].some((i) => !i.naturalWidth)`)
				see(tab, "what is folded cannot be unfolded", `document.querySelectorAll("details").forEach((d) => { d.open = true }), !![...document.querySelectorAll("details")].find((d) => !d.open)`)
				see(tab, "the page is wider than the window", `document.documentElement.scrollWidth > innerWidth`)
				if *update {
					if err := os.WriteFile(filepath.Join(screens, s.name+"-"+g.name+".png"), tab.Picture(), 0o644); err != nil {
						t.Fatal(err)
					}
				}
				if axe == nil || g.name == "phone" {
					return
				}
				browsertest.Evaluate[bool](tab, string(axe)+"; true")
				for _, violation := range browsertest.Evaluate[[]string](tab, `axe.run().then((r) =>
					r.violations.map((v) => v.id + ": " + v.help + "\n" + v.nodes.map((n) => n.html).join("\n")))`) {
					t.Error(violation)
				}
			})
		}
	}
}

// open opens a tab that is looked at through a glass.
func open(t *testing.T, browser *browsertest.Tab, g glass) *browsertest.Tab {
	t.Helper()
	tab := browser.Another(t)
	scheme := func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: g.scheme}}})
		return chromedp.Void{}, err
	}
	tab.Do(scheme, chromedp.EmulateViewport(g.width, g.height))
	return tab
}

// see fails where an expression is true of the page.
func see(tab *browsertest.Tab, fault, expression string) {
	tab.Helper()
	if browsertest.Evaluate[bool](tab, expression) {
		tab.Error(fault)
	}
}

// themed is the look of a realm that has one of its own, in two languages.
var themed = looks{Name: "Shop", Accent: "#7a1f5c", AccentDark: "#f0a6d2", Background: "#fbf3ee", BackgroundDark: "#1d1017", Locales: []string{"de", "en"}}

// sampleSite serves the samples below the address that it gives.
func sampleSite(t *testing.T) string {
	mux := http.NewServeMux()
	mux.Handle("/resources/", pages.Resources())
	for _, s := range samples {
		mux.HandleFunc("/realms/shop/"+s.name, func(w http.ResponseWriter, r *http.Request) {
			look := looks(realm.Look{Name: "Shop"})
			if s.name == "themed" {
				look = themed
			}
			if err := pages.New(&look).Show(w, r, http.StatusOK, pages.View{Realm: international}, s.page); err != nil {
				t.Error(err)
			}
		})
	}
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	return site.URL + "/realms/shop/"
}
