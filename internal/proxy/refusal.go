package proxy

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// refusal is why a request does not get through: what the caller is told, and what only the log says.
type refusal struct {
	status     int
	code, text string
	signIn     bool // signing in mends it
	cause      error
	who        *caller

	// of a token that is for others:
	audience []string // what "aud" holds; not nil
	want     string   // what it had to hold
	fixes    []explain.Fix
	hidden   []explain.Fix // that tell of the issuer's configuration
}

func (f *refusal) Error() string { return f.text }
func (f *refusal) Unwrap() error { return f.cause }

func refused(status int, code, text string) *refusal {
	return &refusal{status: status, code: code, text: text}
}

func (f *refusal) because(cause error) *refusal { f.cause = cause; return f }
func (f *refusal) by(c *caller) *refusal        { f.who = c; return f }

// unsigned is of a request by nobody.
func unsigned() *refusal {
	f := refused(http.StatusUnauthorized, "", "Sign in, or send an access token")
	f.signIn = true
	return f
}

// away is of what only the issuer could have said.
func away(cause error) *refusal {
	return refused(http.StatusServiceUnavailable, "temporarily_unavailable", "Whoever signs people in cannot be reached").because(cause)
}

// refuse answers a request that does not get through: a person is sent to sign in where that helps, or sees a page; programs
// get JSON. The log gets all of it under an id that the answer names.
func (g *Gatekeeper) refuse(w http.ResponseWriter, r *http.Request, err error) {
	f, ok := errors.AsType[*refusal](err)
	switch {
	case r.Context().Err() != nil && !ok:
		return // nobody waits for an answer
	case errors.Is(err, issuer.ErrUnavailable) && !ok:
		f = away(err)
	case !ok:
		f = refused(http.StatusInternalServerError, "server_error", "Something went wrong").because(err)
	}
	if f.signIn && g.jar != nil && navigates(r) {
		err := g.sendToSignIn(w, r, r.URL.RequestURI())
		if err == nil {
			return
		}
		f = away(err)
	}
	id := rand.Text()[:10]
	g.note(r, f, id)
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	if f.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	}
	if f.status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", challenge(f))
	}
	if readsPages(r) {
		g.showPage(w, r, f, id)
		return
	}
	_ = render.JSON(w, f.status, g.told(f, id)) // it can be encoded
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

func (g *Gatekeeper) told(f *refusal, id string) told {
	t := told{Error: f.code, Description: f.text, Reference: id, Audience: f.audience, Expected: f.want, Fixes: g.shown(f)}
	if t.Error == "" {
		t.Error = "unauthorized"
	}
	return t
}

// shown are the fixes that a caller may see. Those that are made of the caller's own token tell nothing new; what the issuer
// explained tells how it is configured.
func (g *Gatekeeper) shown(f *refusal) []explain.Fix {
	if g.config.Access.ShowFixes && len(f.hidden) > 0 {
		return f.hidden
	}
	return f.fixes
}

// note writes a refusal to the log. Somebody who is to sign in is nothing to note.
func (g *Gatekeeper) note(r *http.Request, f *refusal, id string) {
	level := slog.LevelInfo
	switch {
	case f.status >= http.StatusInternalServerError:
		level = slog.LevelError
	case f.audience != nil:
		level = slog.LevelWarn
	case f.signIn:
		level = slog.LevelDebug
	}
	attrs := []slog.Attr{slog.String("id", id), slog.Int("status", f.status), slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.String("error", f.text)}
	if f.cause != nil {
		attrs = append(attrs, slog.String("cause", f.cause.Error()))
	}
	if f.who != nil {
		attrs = append(attrs, slog.String("subject", f.who.text("sub")), slog.String("client", f.who.client))
	}
	if f.audience != nil {
		attrs = append(attrs, slog.Any("aud", f.audience), slog.String("expected", f.want))
	}
	for _, fix := range slices.Concat(f.hidden, f.fixes) {
		attrs = append(attrs, slog.Group("fix", slog.String("sentence", fix.Sentence), slog.String("command", fix.Command)))
	}
	g.log.LogAttrs(r.Context(), level, "refused", attrs...)
}

// challenge is WWW-Authenticate (RFC 6750 §3). Its texts are our own.
func challenge(f *refusal) string {
	if f.code == "" {
		return "Bearer"
	}
	return `Bearer error="` + f.code + `", error_description="` + f.text + `"`
}

// navigates tells whether a person waits for a page: only they can be sent elsewhere to sign in.
func navigates(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead) && readsPages(r) && r.Header.Get("Upgrade") == ""
}

// readsPages tells whether the answer is shown to a person. Browsers say so; of others it is what they accept.
func readsPages(r *http.Request) bool {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html") && r.Header.Get("X-Requested-With") == ""
}
