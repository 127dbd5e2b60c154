package render

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/profile"
	"github.com/tokenhouse/tokenhouse/internal/core/proof"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Status is an answer in the manner of Keycloak's outermost layer: {"error": Text}.
type Status struct {
	Code        int
	Text        string
	Description string // member "error_description"; may be empty
	Allow       string // header Allow, beside 405
	Retry       string // header Retry-After, beside 503: seconds
}

func (s *Status) Error() string { return s.Text }

// Message is an answer in the manner of Keycloak's administration API: {"errorMessage": Text}.
type Message struct {
	Code int
	Text string
}

func (m *Message) Error() string { return m.Text }

// Challenge answers a refused access token the way of RFC 6750 §3: all is said in WWW-Authenticate,
// the body is empty. A nil Err says only that a token is needed.
type Challenge struct {
	Realm string // may be empty where DPoP
	Err   error
	DPoP  bool // the token was presented as one that is bound to a key (RFC 9449 §7.1)
}

func (c *Challenge) Error() string {
	if c.Err == nil {
		return "access token needed"
	}
	return c.Err.Error()
}

func (c *Challenge) Unwrap() error { return c.Err }

// failure is the body of an OAuth error (RFC 6749 §5.2).
type failure struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
	AccountLink string `json:"account-link-url,omitempty"`
}

// message is the body of an error in Keycloak's administration API.
type message struct {
	Text string `json:"errorMessage"`
}

// Error answers a request that failed with err. Faults of the caller are told as they are; whatever is
// left is ours: the caller gets an id, the log gets the id and the error.
func Error(log *slog.Logger, w http.ResponseWriter, r *http.Request, err error) {
	status, body := http.StatusInternalServerError, any(nil)
	switch e := classify(err).(type) {
	case *Challenge:
		challenge(w, e)
		return
	case *Status:
		if e.Allow != "" {
			w.Header().Set("Allow", e.Allow)
		}
		if e.Retry != "" {
			w.Header().Set("Retry-After", e.Retry)
		}
		status, body = e.Code, failure{Error: e.Text, Description: e.Description}
	case *Message:
		status, body = e.Code, message{e.Text}
	case *oauth.Error:
		status, body = e.Status, failure{string(e.Code), e.Description, e.AccountLink}
		if e.Retry > 0 {
			w.Header().Set("Retry-After", strconv.FormatInt(int64((e.Retry+time.Second-1)/time.Second), 10)) // RFC 9110 §10.2.3: whole seconds
			w.Header().Set("Cache-Control", "no-store")                                                      // RFC 6585 §4
		}
		if e.Cause != nil {
			log.LogAttrs(r.Context(), slog.LevelInfo, "refused", slog.String("path", r.URL.Path),
				slog.String("error", e.Error()), slog.String("cause", e.Cause.Error()))
		}
	case *fault.Invalid:
		status, body = http.StatusBadRequest, message{e.Message}
	case profile.Invalid:
		status, body = http.StatusBadRequest, violated(e)
	default:
		body = ours(log, r, err)
	}
	_ = JSON(w, status, body) // every body above can be encoded
}

// classify finds the error that decides the answer; nil where it is ours.
func classify(err error) error {
	if c, ok := errors.AsType[*Challenge](err); ok {
		if inner := classify(c.Err); c.Err == nil || isCallers(inner) {
			return c
		}
		return nil
	}
	if e, ok := errors.AsType[*Status](err); ok {
		return e
	}
	if e, ok := errors.AsType[*Message](err); ok {
		return e
	}
	if e, ok := errors.AsType[*oauth.Error](err); ok {
		if e.Status >= http.StatusInternalServerError {
			return nil
		}
		return e
	}
	if e, ok := errors.AsType[*fault.Invalid](err); ok {
		return e
	}
	if e, ok := errors.AsType[profile.Invalid](err); ok {
		return e
	}
	if e, ok := errors.AsType[*user.Unfit](err); ok {
		return &Status{Code: http.StatusBadRequest, Text: e.Code, Description: e.Text}
	}
	if e, ok := errors.AsType[*fault.Refused](err); ok {
		return &Status{Code: http.StatusBadRequest, Text: e.Message}
	}
	if e, ok := errors.AsType[*fault.NotFound](err); ok {
		return &Status{Code: http.StatusNotFound, Text: e.Message}
	}
	if e, ok := errors.AsType[*fault.Conflict](err); ok && e.Message != "" {
		return &Message{Code: http.StatusConflict, Text: e.Message}
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return &Status{Code: http.StatusRequestEntityTooLarge, Text: "HTTP 413 Request Entity Too Large"}
	}
	switch {
	case errors.Is(err, fault.ErrBusy):
		return &Status{Code: http.StatusServiceUnavailable, Text: "temporarily_unavailable", Description: "Too many sign-ins at once", Retry: "1"}
	case errors.Is(err, fault.ErrNotFound):
		return &Status{Code: http.StatusNotFound, Text: "HTTP 404 Not Found"}
	case errors.Is(err, fault.ErrConflict), errors.Is(err, fault.ErrStale):
		return &Status{Code: http.StatusConflict, Text: "HTTP 409 Conflict"}
	}
	return nil
}

// isCallers tells an OAuth error, which a challenge can put in words, from all others.
func isCallers(err error) bool {
	_, ok := err.(*oauth.Error)
	return ok
}

// challenge writes WWW-Authenticate. Its texts are our own, but realm names are not: RFC 9110 §5.6.4.
func challenge(w http.ResponseWriter, c *Challenge) {
	value, status := "Bearer realm="+quoted(c.Realm), http.StatusUnauthorized
	if c.DPoP {
		value = "DPoP algs=" + quoted(strings.Join(proof.Algs, " "))
		if c.Realm != "" {
			value += ", realm=" + quoted(c.Realm)
		}
	}
	if e, ok := errors.AsType[*oauth.Error](c.Err); ok {
		status = e.Status
		if e.Code != "" {
			value += ", error=" + quoted(string(e.Code))
		}
		if e.Description != "" {
			value += ", error_description=" + quoted(e.Description)
		}
	}
	w.Header().Set("WWW-Authenticate", value)
	w.Header().Set("Content-Type", "text/plain;charset=utf-8")
	NoBody(w, status)
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// ours notes an error that is our own fault, and gives what the caller may know of it.
func ours(log *slog.Logger, r *http.Request, err error) failure {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return failure{Error: string(oauth.ServerError)} // the caller has gone; nobody reads this
	}
	id := rand.Text()[:10]
	attrs := append([]slog.Attr{slog.String("id", id), slog.String("method", r.Method),
		slog.String("path", r.URL.Path), slog.String("cause", cause(err))}, trace(err)...)
	log.LogAttrs(r.Context(), slog.LevelError, "request failed", attrs...)
	return failure{Error: string(oauth.ServerError), Description: "Internal error " + id + ". The server's log says more."}
}

// cause is the error with what an OAuth error keeps from the caller.
func cause(err error) string {
	if e, ok := errors.AsType[*oauth.Error](err); ok && e.Cause != nil {
		return err.Error() + ": " + e.Cause.Error()
	}
	return err.Error()
}
