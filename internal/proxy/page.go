package proxy

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// pagePolicy lets pages have their style and nothing else.
var pagePolicy = func() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; frame-ancestors 'none'; form-action "
}()

// page is what a person reads.
type page struct {
	Title, Text string
	Misdirected bool
	Audience    []string
	Expected    string
	Fixes       []explain.Fix
	Again       string // address of another sign-in
	SignOut     string // address that a button posts to
	Onward      string // where the page leads on to by itself
	Reference   string
	Style       template.CSS
}

// showPage tells a person why a request does not get through.
func (g *Gatekeeper) showPage(w http.ResponseWriter, r *http.Request, f *refusal, id string) {
	p := page{Title: title(f), Text: f.text + ".", Misdirected: f.audience != nil, Audience: f.audience, Expected: f.want, Fixes: g.shown(f), Reference: id}
	status := f.status
	switch {
	case f.audience != nil:
		p.Text = "You are signed in, but the token that you were given is not meant for this application."
		status = http.StatusForbidden // signing in again alone does not help
	case f.status == http.StatusForbidden:
		p.Text = f.text + ". Ask whoever runs this application to let you."
	}
	if g.jar != nil && (status == http.StatusUnauthorized || status == http.StatusForbidden || f.code == "invalid_request") {
		p.Again = g.config.Site.endpoint("authorize") + "?redirect=" + url.QueryEscape(g.again(r))
	}
	g.write(w, status, p)
}

// again is where somebody comes back to who signs in again from a page: the page that they wanted.
func (g *Gatekeeper) again(r *http.Request) string {
	if !strings.HasPrefix(r.URL.Path, g.config.Site.endpoint("")) {
		return local(r.URL.RequestURI())
	}
	if _, back, ok := g.began(r, r.URL.Query()); ok {
		return back
	}
	return local(r.URL.Query().Get("redirect"))
}

func title(f *refusal) string {
	switch {
	case f.audience != nil:
		return "This token is for somebody else"
	case f.status == http.StatusForbidden:
		return "Not allowed"
	case f.status == http.StatusUnauthorized:
		return "Sign in"
	case f.status == http.StatusNotFound:
		return "Not found"
	case f.status >= http.StatusInternalServerError:
		return "Out of order"
	}
	return "This does not work"
}

// askToSignOut lets a person say that they want to.
func (g *Gatekeeper) askToSignOut(w http.ResponseWriter, r *http.Request) {
	g.write(w, http.StatusOK, page{Title: "Sign out?", Text: "Another site has led you here.", SignOut: r.URL.RequestURI()})
}

// leadOn shows a page that leads on by itself.
func (g *Gatekeeper) leadOn(w http.ResponseWriter, to string) {
	g.write(w, http.StatusOK, page{Title: "Signed in", Text: "You are signed in.", Onward: to})
}

func (g *Gatekeeper) write(w http.ResponseWriter, status int, p page) {
	p.Style = template.CSS(pageStyle)
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		g.log.Error("a page cannot be shown", "cause", err)
		http.Error(w, p.Title, status)
		return
	}
	h := w.Header()
	h.Set("Content-Security-Policy", pagePolicy+g.formTargets())
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	render.Bytes(w, status, "text/html; charset=utf-8", b.Bytes())
}

// formTargets is where the form of a page may lead: here, and on to the issuer.
func (g *Gatekeeper) formTargets() string {
	u, err := url.Parse(g.config.Issuer.URL)
	if err != nil {
		return "'self'"
	}
	return "'self' " + u.Scheme + "://" + u.Host
}
