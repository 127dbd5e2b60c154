package bearer

import (
	"fmt"
	"net/http"
	"strings"
)

// Code is an error code of RFC 6750 §3.1 or RFC 9449 §7.1 and §9, or Unavailable. It is empty where a request came without an access
// token, which is answered without a code.
type Code string

const (
	InvalidRequest    Code = "invalid_request"
	InvalidToken      Code = "invalid_token"
	InsufficientScope Code = "insufficient_scope"
	InvalidDPoPProof  Code = "invalid_dpop_proof"
	UseDPoPNonce      Code = "use_dpop_nonce"

	// Unavailable says that the token could not be judged, because the issuer cannot be reached.
	Unavailable Code = "temporarily_unavailable"
)

// Status is the HTTP status that goes with a code.
func (c Code) Status() int {
	switch c {
	case InvalidRequest:
		return http.StatusBadRequest
	case InsufficientScope:
		return http.StatusForbidden
	case Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusUnauthorized
}

// reason is why a token is refused: its text is what callers are told.
type reason struct {
	code Code
	text string
}

func (r *reason) Error() string { return r.text }

// Why a token is refused, for errors.Is. Their texts are safe to show.
var (
	ErrMissing     error = &reason{"", "No access token"}
	ErrRequest     error = &reason{InvalidRequest, "Malformed Authorization header"}
	ErrTooLong     error = &reason{InvalidToken, "Token is too long"}
	ErrMalformed   error = &reason{InvalidToken, "Malformed token"}
	ErrAlgorithm   error = &reason{InvalidToken, "Algorithm not allowed"}
	ErrUnknownKey  error = &reason{InvalidToken, "Unknown signing key"}
	ErrSignature   error = &reason{InvalidToken, "Invalid signature"}
	ErrIssuer      error = &reason{InvalidToken, "Invalid issuer"}
	ErrType        error = &reason{InvalidToken, "Not an access token"}
	ErrExpired     error = &reason{InvalidToken, "Token is expired"}
	ErrNotYet      error = &reason{InvalidToken, "Token is not valid yet"}
	ErrInactive    error = &reason{InvalidToken, "Token is not active"}
	ErrAudience    error = &reason{InvalidToken, "Invalid audience"}
	ErrScope       error = &reason{InsufficientScope, "Insufficient scope"}
	ErrBound       error = &reason{InvalidToken, "Token is bound to a key or certificate that was not proved"}
	ErrUnbound     error = &reason{InvalidToken, "Token is not bound to a key"}
	ErrProof       error = &reason{InvalidDPoPProof, "Invalid DPoP proof"}
	ErrNonce       error = &reason{UseDPoPNonce, "Resource server requires nonce in DPoP proof"}
	ErrUnavailable error = &reason{Unavailable, "The issuer cannot be reached"}
)

// Error refuses a token. Code and Description may be told to anybody; the rest is for the log. It never holds the token.
type Error struct {
	Code        Code
	Description string
	Reason      error // one of the errors of this package, ErrExpired for example
	Cause       error // what went wrong in detail; may be nil

	// What the token says, where it is the issuer's, and it is its time, audience, scope or holder that is wrong; otherwise nil.
	Claims *Claims
	// WantAudience and WantScopes are what it had to be for.
	WantAudience string
	WantScopes   []string
}

// refuse makes an Error of a reason, which must be one of this package's.
func refuse(why, cause error) *Error {
	r := why.(*reason)
	return &Error{Code: r.code, Description: r.text, Reason: why, Cause: cause}
}

// Error tells what is in the log: the description, and the cause or what "aud" and "scope" hold instead.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("bearer: ")
	b.WriteString(e.Description)
	switch {
	case e.Reason == ErrAudience && e.Claims != nil:
		fmt.Fprintf(&b, ": aud holds %q, expected %q", e.Claims.Audience, e.WantAudience)
	case e.Reason == ErrScope && e.Claims != nil:
		fmt.Fprintf(&b, ": scope holds %q, expected %q", e.Claims.Scopes, e.WantScopes)
	}
	if e.Cause != nil {
		b.WriteString(": ")
		b.WriteString(e.Cause.Error())
	}
	return b.String()
}

// Unwrap gives the reason and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.Cause}
}
