// Package page shows people pages: why a request does not get through, what aud holds and has to hold, and what mends it.
package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

//go:embed page.html
var text string

//go:embed page.css
var style string

var form = template.Must(template.New("page").Parse(text))

// policy lets pages have their style and nothing else.
var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; frame-ancestors 'none'; form-action "
}()

// Page is what a person reads. What is empty is not there.
type Page struct {
	Title, Text string
	Misdirected bool     // the token is for others:
	Audience    []string // what "aud" holds
	Expected    string   // and has to hold
	Fixes       []explain.Fix
	Hints       []string // what may be wrong
	Again       string   // address of another sign-in
	SignOut     string   // address that a button posts to
	Onward      string   // where the page leads on to by itself
	Reference   string   // of the log's line
}

// Write shows a page. targets are origins that its button may lead to, beside that of the page.
func (p Page) Write(w http.ResponseWriter, status int, targets ...string) error {
	var b bytes.Buffer
	if err := form.Execute(&b, struct {
		Page
		Style template.CSS
	}{p, template.CSS(style)}); err != nil {
		http.Error(w, p.Title, status)
		return err
	}
	h := w.Header()
	h.Set("Content-Security-Policy", policy+strings.Join(append([]string{"'self'"}, targets...), " "))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	if p.SignOut != "" { // without it the button would send "Origin: null", as a page of no site does
		h.Set("Referrer-Policy", "same-origin")
	}
	h.Set("Cache-Control", "no-store")
	render.Bytes(w, status, "text/html; charset=utf-8", b.Bytes())
	return nil
}
