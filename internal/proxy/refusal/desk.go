package refusal

import (
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/proxy/page"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// Desk tells refusals.
type Desk struct {
	Log       *slog.Logger
	ShowFixes bool   // callers see what the issuer explained
	SignIn    string // address that people sign in at, and are led back from by its parameter "redirect"; empty: nobody can
}

// Answer tells a refusal, and notes it. A person who signs in again comes back to a path of the site.
func (d *Desk) Answer(w http.ResponseWriter, r *http.Request, f *Refusal, back string) {
	id := rand.Text()[:10]
	d.note(r, f, id)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if f.Status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	if f.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", challenge(f))
	}
	if !ReadsPages(r) {
		_ = render.JSON(w, f.Status, d.told(f, id)) // it can be encoded
		return
	}
	p, status := d.page(f, id, back)
	if err := p.Write(w, status); err != nil {
		d.Log.ErrorContext(r.Context(), "a page cannot be shown", "cause", err)
	}
}

// told is the answer to programs, in the words of RFC 6750 §3.1 where they are enough.
type told struct {
	Error       string        `json:"error"`
	Description string        `json:"error_description"`
	Reference   string        `json:"reference"` // the id of the log's line
	Audience    []string      `json:"aud,omitzero"`
	Expected    string        `json:"expected,omitempty"`
	Fixes       []explain.Fix `json:"fixes,omitempty"`
}

func (d *Desk) told(f *Refusal, id string) told {
	t := told{Error: f.Code, Description: f.Text, Reference: id, Audience: f.Audience, Expected: f.Want, Fixes: d.shown(f)}
	if t.Error == "" {
		t.Error = "unauthorized"
	}
	return t
}

// shown are the fixes that a caller may see. Those that are made of the caller's own token tell nothing new; what the issuer
// explained tells how it is configured.
func (d *Desk) shown(f *Refusal) []explain.Fix {
	if d.ShowFixes && len(f.Hidden) > 0 {
		return f.Hidden
	}
	return f.Fixes
}

// page tells a person.
func (d *Desk) page(f *Refusal, id, back string) (page.Page, int) {
	p := page.Page{Title: title(f), Text: f.Text + ".", Misdirected: f.Audience != nil, Audience: f.Audience, Expected: f.Want, Fixes: d.shown(f), Hints: f.Hints, Reference: id}
	status := f.Status
	switch {
	case f.Audience != nil:
		p.Text = "You are signed in, but the token that you were given is not meant for this application."
		status = http.StatusForbidden // signing in again alone does not help
	case f.Vain:
		p.Text = "You have signed in twice within a minute, and it did not help. " + f.Text + "."
	case f.Status == http.StatusForbidden:
		p.Text = f.Text + ". Ask whoever runs this application to let you."
	}
	if d.SignIn != "" && (f.Anew || status == http.StatusUnauthorized || status == http.StatusForbidden || f.Code == "invalid_request") {
		p.Again = d.SignIn + "?redirect=" + url.QueryEscape(back)
	}
	return p, status
}

func title(f *Refusal) string {
	switch {
	case f.Audience != nil:
		return "This token is for somebody else"
	case f.Vain:
		return "Signing in does not help"
	case f.Status == http.StatusForbidden:
		return "Not allowed"
	case f.Status == http.StatusUnauthorized:
		return "Sign in"
	case f.Status == http.StatusNotFound:
		return "Not found"
	case f.Status >= http.StatusInternalServerError:
		return "Out of order"
	}
	return "This does not work"
}

// note writes a refusal to the log. Somebody who is to sign in is nothing to note.
func (d *Desk) note(r *http.Request, f *Refusal, id string) {
	level := slog.LevelInfo
	switch {
	case f.Status >= http.StatusInternalServerError:
		level = slog.LevelError
	case f.Audience != nil, f.Vain, len(f.Hidden) > 0: // it is for who operates the gatekeeper to mend
		level = slog.LevelWarn
	case f.SignIn:
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{slog.String("id", id), slog.Int("status", f.Status), slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("error", f.Text)}
	if f.Cause != nil {
		attrs = append(attrs, slog.String("cause", f.Cause.Error()))
	}
	if f.Who != nil {
		attrs = append(attrs, slog.String("subject", f.Who.Claims.Subject), slog.String("client", f.Who.Claims.Client))
	}
	if f.Audience != nil {
		attrs = append(attrs, slog.Any("aud", f.Audience), slog.String("expected", f.Want))
	}
	if f.Hints != nil {
		attrs = append(attrs, slog.Any("hints", f.Hints))
	}
	for _, fix := range slices.Concat(f.Hidden, f.Fixes) {
		attrs = append(attrs, slog.Group("fix", slog.String("sentence", fix.Sentence), slog.String("command", fix.Command)))
	}
	d.Log.LogAttrs(r.Context(), level, "refused", attrs...)
}

// challenge is WWW-Authenticate (RFC 6750 §3). Its texts are our own.
func challenge(f *Refusal) string {
	if f.Code == "" {
		return "Bearer"
	}
	return `Bearer error="` + f.Code + `", error_description="` + f.Text + `"`
}

// Navigates tells whether a person waits for a page: only they can be sent elsewhere to sign in.
func Navigates(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && ReadsPages(r) && r.Header.Get("Upgrade") == ""
}

// ReadsPages tells whether the answer is shown to a person. Browsers say so; of others it is what they accept.
func ReadsPages(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html") && r.Header.Get("X-Requested-With") == ""
}
