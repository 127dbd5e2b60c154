package brokerclient

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Code is an OAuth error code. It is an error itself, so that errors.Is(err, brokerclient.AccessDenied) tells.
type Code string

// The codes of RFC 6749 §5.2, RFC 8693 §2.2.2, RFC 8707 §2 and RFC 9449, those of Tokenhouse's rate limits, and of Keycloak.
const (
	InvalidRequest         Code = "invalid_request"
	InvalidClient          Code = "invalid_client"
	InvalidGrant           Code = "invalid_grant"
	UnauthorizedClient     Code = "unauthorized_client"
	UnsupportedGrantType   Code = "unsupported_grant_type"
	InvalidScope           Code = "invalid_scope"
	InvalidTarget          Code = "invalid_target"
	InvalidToken           Code = "invalid_token"
	InvalidIssuer          Code = "invalid_issuer"
	AccessDenied           Code = "access_denied"
	InvalidDPoPProof       Code = "invalid_dpop_proof"
	UseDPoPNonce           Code = "use_dpop_nonce"
	SlowDown               Code = "slow_down"
	ServerError            Code = "server_error"
	TemporarilyUnavailable Code = "temporarily_unavailable"
)

func (c Code) Error() string { return string(c) }

// ErrSubject is what a refused exchange is (errors.Is) where the subject token is good no more: it expired or was revoked, or the
// session or the user behind it is gone. Whoever brought it has to sign in again. Tokenhouse and Keycloak, for which RFC 8693
// §2.2.2 has no code that says so, tell it by their text.
var ErrSubject = errors.New("brokerclient: the subject token is good no more")

// Error is what a server answered in the place of a token.
type Error struct {
	Code        Code   // empty where the answer was none of OAuth
	Description string // error_description: in the server's words
	URI         string // error_uri: a page about it
	Status      int    // of HTTP

	// RetryAfter is how long to wait before asking again; zero where the server did not say.
	RetryAfter time.Duration

	// Fixes are changes any one of which turns the refusal into a grant, where Config.Explain is set.
	Fixes []Fix
}

// Fix is one change that makes a refusal vanish.
type Fix struct {
	Sentence string `json:"sentence"`
	Command  string `json:"command"` // of tokenhouse admin, as typed in a shell
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("brokerclient: ")
	if e.Code != "" {
		b.WriteString(string(e.Code))
	} else {
		b.WriteString("the token endpoint has no answer")
	}
	if e.Description != "" {
		b.WriteString(": " + e.Description)
	}
	fmt.Fprintf(&b, " (HTTP %d %s)", e.Status, http.StatusText(e.Status))
	for i, f := range e.Fixes {
		fmt.Fprintf(&b, "; fix %d: %s: %s", i+1, f.Sentence, f.Command)
	}
	return b.String()
}

// Is tells whether the error has a code, or is ErrSubject.
func (e *Error) Is(target error) bool {
	if target == ErrSubject {
		return e.Code == InvalidToken || e.Code == InvalidGrant || e.Code == InvalidRequest && e.Description == "Invalid token"
	}
	c, ok := target.(Code)
	return ok && c == e.Code && c != ""
}
