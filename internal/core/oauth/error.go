package oauth

import (
	"fmt"
	"time"
)

// Code is an OAuth error code as it stands in the member "error" of an answer.
type Code string

// The codes of RFC 6749 §5.2, RFC 6750 §3.1, RFC 7009 §2.2.1, RFC 8628 §3.5, RFC 8693 §2.2.2,
// RFC 9449 §8 and OpenID Connect, and those that only Keycloak uses.
const (
	InvalidRequest       Code = "invalid_request"
	InvalidClient        Code = "invalid_client"
	InvalidGrant         Code = "invalid_grant"
	UnauthorizedClient   Code = "unauthorized_client"
	UnsupportedGrantType Code = "unsupported_grant_type"
	InvalidScope         Code = "invalid_scope"
	InvalidTarget        Code = "invalid_target"
	InvalidToken         Code = "invalid_token"
	InsufficientScope    Code = "insufficient_scope"
	AccessDenied         Code = "access_denied"
	ServerError          Code = "server_error"
	UnsupportedTokenType Code = "unsupported_token_type"
	UseDPoPNonce         Code = "use_dpop_nonce"
	InvalidIssuer        Code = "invalid_issuer" // Keycloak's
	NotAllowed           Code = "not_allowed"    // Keycloak's
	NotLinked            Code = "not_linked"     // Keycloak's
	TokenExpired         Code = "token_expired"  // Keycloak's

	// InvalidOrigin is what a browser is told whose page may not call as the client. Keycloak's text
	// stands where a code should be.
	InvalidOrigin Code = "Invalid origin"
)

// PolicyReason is the Reason of what a client policy refuses.
const PolicyReason = "client_policy_error"

// Error is what a client is told, and, in Cause, Event and Reason, what only we may know.
type Error struct {
	Code        Code
	Description string        // safe to show; empty leaves "error_description" out
	Status      int           // HTTP status, by Errorf from Code
	Retry       time.Duration // after which the same request may be granted; zero where nobody can say
	Event       string        // the error of the event, as Keycloak names it; Code where empty
	Reason      string        // the event's detail "reason"; none where empty
	Cause       error         // logged, never sent

	// AccountLink is where the user can link their account, as Keycloak's member "account-link-url"; empty leaves it out.
	AccountLink string
}

// Errorf makes an error with the status that belongs to its code.
func Errorf(code Code, format string, args ...any) *Error {
	description := format
	if len(args) > 0 {
		description = fmt.Sprintf(format, args...)
	}
	return &Error{Code: code, Description: description, Status: status(code)}
}

// status is the HTTP status that goes with a code; as numbers, since core does not import net/http.
func status(code Code) int {
	switch code {
	case InvalidToken:
		return 401
	case AccessDenied, InsufficientScope, InvalidOrigin:
		return 403
	case ServerError:
		return 500
	}
	return 400
}

// Because returns a copy of e that knows its cause.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// WithStatus returns a copy of e that is answered with another HTTP status than its code's.
func (e *Error) WithStatus(status int) *Error {
	c := *e
	c.Status = status
	return &c
}

// After returns a copy of e that says when to try again.
func (e *Error) After(wait time.Duration) *Error {
	c := *e
	c.Retry = wait
	return &c
}

// WithAccountLink returns a copy of e that tells where the user can link their account.
func (e *Error) WithAccountLink(url string) *Error {
	c := *e
	c.AccountLink = url
	return &c
}

// InEvent returns a copy of e that is recorded under Keycloak's name for it, with a reason.
// An empty reason is left out of the event.
func (e *Error) InEvent(name, reason string) *Error {
	c := *e
	c.Event, c.Reason = name, reason
	return &c
}

func (e *Error) Error() string {
	if e.Description == "" {
		return string(e.Code)
	}
	return string(e.Code) + ": " + e.Description
}

func (e *Error) Unwrap() error { return e.Cause }

const noOffline = "Offline tokens not allowed for the user or client"

// ErrOffline refuses offline tokens to a user who may have none.
var ErrOffline = Errorf(NotAllowed, noOffline).InEvent("not_allowed", noOffline)
