package pages

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Embedded is a page that applications have in a frame. It shows nothing, and its script talks to the page
// around it.
type Embedded struct{ title, script string }

// The embedded pages, as keycloak-js knows them.
var (
	LoginStatus  = Embedded{"Login status", "login-status.js"}
	ThirdParty1  = Embedded{"Third-party cookies, step 1", "third-party-1.js"}
	ThirdParty2  = Embedded{"Third-party cookies, step 2", "third-party-2.js"}
	embeddedPage = template.Must(template.ParseFS(templateFiles, "templates/embedded.html"))
)

// Embed answers with an embedded page. Other than all others it may be in frames of any site.
func (s *Site) Embed(w http.ResponseWriter, r *http.Request, v View, e Embedded) error {
	look, err := s.looks.Look(r.Context(), v.Realm)
	if err != nil {
		return fmt.Errorf("look of realm %q: %w", v.Realm.Name, err)
	}
	var body bytes.Buffer
	if err := embeddedPage.Execute(&body, struct{ Title, Script string }{e.title, v.Base + resourcePath(e.script)}); err != nil {
		return fmt.Errorf("page %q: %w", e.title, err)
	}
	h := w.Header()
	guard(h, look, nil)
	Unframe(h)
	h["Content-Type"] = []string{"text/html;charset=utf-8"}
	h["Cache-Control"] = []string{"no-cache, must-revalidate, no-transform, no-store"}
	render.Bytes(w, http.StatusOK, "", body.Bytes())
	return nil
}

// Unframe takes out of the headers what keeps other sites from having an answer in a frame.
func Unframe(h http.Header) {
	h.Del("X-Frame-Options")
	var kept []string
	for _, rule := range strings.Split(h.Get("Content-Security-Policy"), ";") {
		if rule = strings.TrimSpace(rule); rule != "" && !strings.HasPrefix(rule, "frame-ancestors") {
			kept = append(kept, rule+";")
		}
	}
	h.Del("Content-Security-Policy")
	if kept != nil {
		h.Set("Content-Security-Policy", strings.Join(kept, " "))
	}
}
