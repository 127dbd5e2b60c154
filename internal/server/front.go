package server

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// front is what every request passes first: the server's path is taken off, the answer gets the
// headers that all answers have, and the request is measured and, where wanted, logged.
type front struct {
	next    http.Handler
	path    string
	metrics *metrics
	log     *slog.Logger // nil: requests are not logged
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	secure(w.Header())
	inner, ok := f.below(r)
	if !ok {
		f.outside(w, r)
		return
	}
	answer := &watched{w, http.StatusOK, r.Header.Get("Content-Type")}
	f.next.ServeHTTP(answer, inner)
	took := time.Since(start)
	f.metrics.request(r.Method, inner.Pattern, answer.status, took)
	if f.log != nil {
		f.log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("method", r.Method),
			slog.String("path", r.URL.Path), slog.Int("status", answer.status), slog.Duration("took", took),
			slog.String("peer", r.RemoteAddr)) // neither query nor headers: both may hold secrets
	}
}

// below is the request as seen from the server's path; ok is false for what is not below it.
func (f *front) below(r *http.Request) (inner *http.Request, ok bool) {
	if f.path == "" {
		return r, true
	}
	p, under := strings.CutPrefix(r.URL.Path, f.path)
	if !under || p != "" && p[0] != '/' {
		return nil, false
	}
	u := new(url.URL)
	*u = *r.URL
	u.Path, u.RawPath = "/"+strings.TrimPrefix(p, "/"), strings.TrimPrefix(u.RawPath, f.path)
	inner = new(http.Request)
	*inner = *r
	inner.URL = u
	return inner, true
}

// outside answers what is not below the server's path; the root leads there, as in Keycloak.
func (f *front) outside(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		render.Redirect(w, f.path+"/")
		return
	}
	render.NoBody(w, http.StatusNotFound)
}

// watched remembers the status of an answer.
type watched struct {
	http.ResponseWriter
	status int    // 200 until another is written, as in net/http
	asked  string // Content-Type of the request
}

func (w *watched) WriteHeader(status int) {
	w.status = status
	settle(w.Header(), w.asked)
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// settle takes away what means nothing for an answer of its kind, as Keycloak does: JSON has no
// Content-Security-Policy, and what is neither JSON nor a page has no X-Frame-Options either. An answer without a body
// is of the kind of its request.
func settle(h http.Header, asked string) {
	kind := h.Get("Content-Type")
	if kind == "" {
		kind = asked
		if strings.HasPrefix(kind, "application/x-www-form-urlencoded") {
			return
		}
	}
	switch {
	case strings.HasPrefix(kind, "text/html"):
	case strings.HasPrefix(kind, "application/json"):
		delete(h, "Content-Security-Policy")
		delete(h, "Content-Security-Policy-Report-Only")
	default:
		delete(h, "Content-Security-Policy")
		delete(h, "Content-Security-Policy-Report-Only")
		delete(h, "X-Frame-Options")
	}
}

// secure sets what Keycloak's default "browser security headers" say on every answer. The slices are
// shared by all answers and never appended to.
func secure(h http.Header) {
	h["Referrer-Policy"] = noReferrer
	h["Strict-Transport-Security"] = transportSecurity
	h["X-Content-Type-Options"] = noSniff
	h["X-Frame-Options"] = sameOrigin
	h["X-Robots-Tag"] = noRobots
}

var (
	noReferrer        = []string{"no-referrer"}
	transportSecurity = []string{"max-age=31536000; includeSubDomains"}
	noSniff           = []string{"nosniff"}
	sameOrigin        = []string{"SAMEORIGIN"}
	noRobots          = []string{"none"}
)
