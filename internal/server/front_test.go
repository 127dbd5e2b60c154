package server

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// scrape is what /metrics says.
func scrape(m *metrics) string {
	w := httptest.NewRecorder()
	m.handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

// echo answers with the path it was asked for.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.URL.Path) })

func TestPath(t *testing.T) {
	tests := []struct{ path, request, body, location string }{
		{"", "/realms/shop", "/realms/shop", ""},
		{"/auth", "/auth/realms/shop", "/realms/shop", ""},
		{"/auth", "/auth", "/", ""},
		{"/auth", "/auth/", "/", ""},
		{"/auth", "/", "", "/auth/"},
		{"/auth", "/authority", "", ""},
		{"/auth", "/realms/shop", "", ""},
		{"/auth", "/auth/realms/a%2Fb", "/realms/a/b", ""},
	}
	for _, tt := range tests {
		f := &front{next: echo, path: tt.path, metrics: newMetrics()}
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, tt.request, nil))
		if w.Body.String() != tt.body || w.Header().Get("Location") != tt.location {
			t.Errorf("below %q, %s: body %q to %q, want %q to %q", tt.path, tt.request, w.Body, w.Header().Get("Location"), tt.body, tt.location)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("below %q, %s: no security headers", tt.path, tt.request)
		}
	}
}

// TestHeadersByKind: what an answer is decides which headers of pages it keeps.
func TestHeadersByKind(t *testing.T) {
	const form, html = "application/x-www-form-urlencoded", "text/html;charset=utf-8"
	for _, tt := range []struct {
		asked, answer   string
		policy, framing bool
	}{
		{"", html, true, true},
		{form, html, true, true},
		{"", "application/json", false, true},
		{form, "application/json;charset=UTF-8", false, true},
		{"", "text/plain;charset=utf-8", false, false},
		{form, "text/plain", false, false},
		{"", "", false, false}, // a redirect
		{form, "", true, true},
		{"application/json", "", false, true},
	} {
		f := &front{metrics: newMetrics(), next: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", "frame-src 'self'")
			if tt.answer != "" {
				w.Header().Set("Content-Type", tt.answer)
			}
			w.WriteHeader(http.StatusFound)
		})}
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/realms/shop", nil)
		r.Header.Set("Content-Type", tt.asked)
		f.ServeHTTP(w, r)
		policy, framing := w.Header().Get("Content-Security-Policy") != "", w.Header().Get("X-Frame-Options") != ""
		if policy != tt.policy || framing != tt.framing {
			t.Errorf("%q to %q: policy %v, X-Frame-Options %v; want %v, %v", tt.answer, tt.asked, policy, framing, tt.policy, tt.framing)
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%q to %q lacks what is on every answer", tt.answer, tt.asked)
		}
	}
}

func TestPathIsNotRedirectedForOtherMethods(t *testing.T) {
	f := &front{next: echo, path: "/auth", metrics: newMetrics()}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("password=x")))
	if w.Code != http.StatusNotFound {
		t.Errorf("POST / is answered %d, want 404", w.Code)
	}
}

func TestRequestsAreCountedByPattern(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/realms/{realm}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("realm") == "gone" {
			w.WriteHeader(http.StatusNotFound)
		}
	})
	m := newMetrics()
	f := &front{next: mux, path: "/auth", metrics: m}
	for _, path := range []string{"/auth/realms/a", "/auth/realms/b", "/auth/realms/gone", "/elsewhere"} {
		f.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
	}
	f.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("MADEUP", "/auth/realms/a", nil))
	figures := scrape(m)
	for _, want := range []string{
		`http_server_requests_seconds_count{method="GET",outcome="SUCCESS",status="200",uri="/realms/{realm}"} 2`,
		`http_server_requests_seconds_count{method="GET",outcome="CLIENT_ERROR",status="404",uri="/realms/{realm}"} 1`,
		`http_server_requests_seconds_count{method="OTHER",outcome="SUCCESS",status="200",uri="/realms/{realm}"} 1`,
	} {
		if !strings.Contains(figures, want) {
			t.Errorf("the figures lack %s", want)
		}
	}
	if strings.Contains(figures, "MADEUP") || strings.Contains(figures, "gone") {
		t.Error("what callers choose became a label")
	}
}

func TestAccessLogShowsNoSecrets(t *testing.T) {
	var log bytes.Buffer
	f := &front{next: echo, metrics: newMetrics(), log: slog.New(slog.NewJSONHandler(&log, nil))}
	r := httptest.NewRequest(http.MethodPost, "/realms/shop/token?code=in-query", strings.NewReader("password=in-body"))
	r.Header.Set("Authorization", "Bearer in-header")
	f.ServeHTTP(httptest.NewRecorder(), r)
	line := log.String()
	if !strings.Contains(line, `"path":"/realms/shop/token"`) || !strings.Contains(line, `"status":200`) {
		t.Errorf("the request is not logged: %s", line)
	}
	if strings.Contains(line, "in-") {
		t.Errorf("the log shows a secret: %s", line)
	}
}
