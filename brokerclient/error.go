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
	InvalidRequest         Code = "invalid_request"         // a parameter is missing or wrong; of Keycloak also a subject token that is good no more
	InvalidClient          Code = "invalid_client"          // the client did not prove itself; of Keycloak also an audience that is not there
	InvalidGrant           Code = "invalid_grant"           // what is exchanged is good no more
	UnauthorizedClient     Code = "unauthorized_client"     // the client may not ask for that
	UnsupportedGrantType   Code = "unsupported_grant_type"  // the server knows no such grant
	InvalidScope           Code = "invalid_scope"           // a scope is not the client's to ask for
	InvalidTarget          Code = "invalid_target"          // no token for this audience or resource
	InvalidToken           Code = "invalid_token"           // the subject token is good no more, or somebody else's
	InvalidIssuer          Code = "invalid_issuer"          // no identity provider of this name or issuer
	AccessDenied           Code = "access_denied"           // the client may not exchange to there, or for whom
	InvalidDPoPProof       Code = "invalid_dpop_proof"      // the proof is wrong, or the clock
	UseDPoPNonce           Code = "use_dpop_nonce"          // answered here by another request, unless the server asks twice
	SlowDown               Code = "slow_down"               // too many requests: see Error.RetryAfter
	ServerError            Code = "server_error"            // the server's own fault
	TemporarilyUnavailable Code = "temporarily_unavailable" // likewise, and over later
)

// Error is the code, as the server wrote it.
func (c Code) Error() string { return string(c) }

// ErrSubject is what a refused exchange is (errors.Is) where the subject token is good no more: it expired or was revoked, or the
// session or the user behind it is gone. Whoever brought it has to sign in again. Tokenhouse and Keycloak, for which RFC 8693
// §2.2.2 has no code that says so, tell it by their text.
var ErrSubject = errors.New("brokerclient: the subject token is good no more")

// ErrUnbound is what a request ends with where the client has a Key and the server issued an access token that is not bound to it: one that
// knows nothing of DPoP, for example. Such a token is good for whoever has it, which the key was to prevent.
var ErrUnbound = errors.New("brokerclient: the server issued a token that is not bound to the key")

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

// Fix is one change that makes a refusal vanish. Whether it should be made is for people to say.
type Fix struct {
	Sentence string `json:"sentence"` // for people, in English
	Command  string `json:"command"`  // of tokenhouse admin, as typed in a shell
}

// Error tells code, description, status and fixes in one line. It holds no token and no secret.
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
