package render_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/web/render"
)

// answer is what a caller gets of a handler that returns err, and what the log gets.
func answer(h render.Handler) (*httptest.ResponseRecorder, string) {
	var log bytes.Buffer
	w := httptest.NewRecorder()
	render.Answer(slog.New(slog.NewTextHandler(&log, nil)), h).
		ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/realms/shop/token?secret=in-query", nil))
	return w, log.String()
}

func TestError(t *testing.T) {
	refused := oauth.Errorf(oauth.InvalidGrant, "Invalid user credentials")
	tests := map[string]struct {
		err    error
		status int
		body   string
	}{
		"protocol":             {refused, 400, `{"error":"invalid_grant","error_description":"Invalid user credentials"}`},
		"protocol, wrapped":    {fmt.Errorf("redeem: %w", refused), 400, `{"error":"invalid_grant","error_description":"Invalid user credentials"}`},
		"without description":  {oauth.Errorf(oauth.InvalidOrigin, ""), 403, `{"error":"Invalid origin"}`},
		"its status":           {refused.WithStatus(200), 200, `{"error":"invalid_grant","error_description":"Invalid user credentials"}`},
		"outermost layer":      {&render.Status{Code: 405, Text: "HTTP 405 Method Not Allowed", Allow: "POST"}, 405, `{"error":"HTTP 405 Method Not Allowed"}`},
		"too large":            {&http.MaxBytesError{Limit: 1}, 413, `{"error":"HTTP 413 Request Entity Too Large"}`},
		"missing":              {fmt.Errorf("load: %w", fault.ErrNotFound), 404, `{"error":"HTTP 404 Not Found"}`},
		"taken":                {fault.ErrConflict, 409, `{"error":"HTTP 409 Conflict"}`},
		"outdated":             {fault.ErrStale, 409, `{"error":"HTTP 409 Conflict"}`},
		"malformed":            {&fault.Invalid{Field: "clients[2]", Message: "no name"}, 400, `{"errorMessage":"no name"}`},
		"text that needs care": {oauth.Errorf(oauth.InvalidScope, "Invalid scopes: \"<\u2028"), 400, `{"error":"invalid_scope","error_description":"Invalid scopes: \"\u003c\u2028"}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w, log := answer(func(http.ResponseWriter, *http.Request) error { return tt.err })
			if w.Code != tt.status || w.Body.String() != tt.body {
				t.Errorf("%d %s, want %d %s", w.Code, w.Body, tt.status, tt.body)
			}
			if got := w.Header().Get("Content-Type"); got != "application/json" {
				t.Errorf("Content-Type %q", got)
			}
			if log != "" {
				t.Errorf("logged though nothing is wrong with the server: %s", log)
			}
		})
	}
}

func TestChallenge(t *testing.T) {
	tests := map[string]struct {
		err    error
		realm  string
		status int
		header string
	}{
		"no token":       {nil, "shop", 401, `Bearer realm="shop"`},
		"empty code":     {oauth.Errorf("", "").WithStatus(401), "shop", 401, `Bearer realm="shop"`},
		"bad token":      {oauth.Errorf(oauth.InvalidToken, "Token verification failed"), "shop", 401, `Bearer realm="shop", error="invalid_token", error_description="Token verification failed"`},
		"its status":     {oauth.Errorf(oauth.InsufficientScope, "Missing openid scope"), "shop", 403, `Bearer realm="shop", error="insufficient_scope", error_description="Missing openid scope"`},
		"quotes in name": {nil, `a"b\`, 401, `Bearer realm="a\"b\\"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w, _ := answer(func(http.ResponseWriter, *http.Request) error {
				return &render.Challenge{Realm: tt.realm, Err: tt.err}
			})
			if w.Code != tt.status || w.Header().Get("WWW-Authenticate") != tt.header || w.Body.Len() > 0 {
				t.Errorf("%d, WWW-Authenticate: %s, body %q; want %d, %s, none", w.Code, w.Header().Get("WWW-Authenticate"), w.Body, tt.status, tt.header)
			}
		})
	}
}

func TestOurFaultsAreNotTold(t *testing.T) {
	broken := errors.New("dial tcp 10.0.0.5:5432: connection refused")
	tests := map[string]struct {
		handler render.Handler
		cause   string
	}{
		"any error":          {func(http.ResponseWriter, *http.Request) error { return broken }, "connection refused"},
		"behind a challenge": {func(http.ResponseWriter, *http.Request) error { return &render.Challenge{Realm: "shop", Err: broken} }, "connection refused"},
		"a server error": {func(http.ResponseWriter, *http.Request) error {
			return oauth.Errorf(oauth.ServerError, "signing").Because(broken)
		}, "connection refused"},
		"a panic":             {func(http.ResponseWriter, *http.Request) error { panic("connection refused") }, "connection refused"},
		"a panic of the code": {func(http.ResponseWriter, *http.Request) error { var none []int; _ = none[len(none)]; return nil }, "out of range"},
		"what is no JSON":     {func(w http.ResponseWriter, _ *http.Request) error { return render.JSON(w, 200, func() {}) }, "encode the answer"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			w, log := answer(tt.handler)
			if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), tt.cause) {
				t.Errorf("%d %s, want 500 without the cause", w.Code, w.Body)
			}
			_, after, _ := strings.Cut(log, "id=")
			id, _, _ := strings.Cut(after, " ")
			if len(id) < 10 || !strings.Contains(w.Body.String(), id) {
				t.Errorf("answer %s does not name the id of the log's line: %s", w.Body, log)
			}
			if !strings.Contains(log, tt.cause) {
				t.Errorf("the log does not name the cause %q: %s", tt.cause, log)
			}
			if strings.Contains(log, "in-query") {
				t.Errorf("the log shows the query: %s", log)
			}
		})
	}
}

func TestCauseOfARefusalIsLogged(t *testing.T) {
	w, log := answer(func(http.ResponseWriter, *http.Request) error {
		return oauth.Errorf(oauth.InvalidGrant, "Invalid refresh token").Because(errors.New("kid is not ours"))
	})
	if strings.Contains(w.Body.String(), "kid") || !strings.Contains(log, "kid is not ours") {
		t.Errorf("answer %s, log %q; want the cause in the log alone", w.Body, log)
	}
}

func TestCallerWhoLeftIsNoError(t *testing.T) {
	var log bytes.Buffer
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	render.Answer(slog.New(slog.NewTextHandler(&log, nil)), func(_ http.ResponseWriter, r *http.Request) error {
		return r.Context().Err()
	}).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil).WithContext(ctx))
	if log.Len() > 0 {
		t.Errorf("logged: %s", log.String())
	}
}

func TestAbortIsNotAnswered(t *testing.T) {
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("panic %v, want http.ErrAbortHandler to pass", p)
		}
	}()
	answer(func(http.ResponseWriter, *http.Request) error { panic(http.ErrAbortHandler) })
}
