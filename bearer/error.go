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
	InvalidRequest    Code = "invalid_request"    // the header cannot be read: 400
	InvalidToken      Code = "invalid_token"      // the token is good for nothing here: 401
	InsufficientScope Code = "insufficient_scope" // it is for this service, and may do less than is asked for: 403
	InvalidDPoPProof  Code = "invalid_dpop_proof" // the proof is not of the token, the request, or now: 401
	UseDPoPNonce      Code = "use_dpop_nonce"     // the proof has to name the nonce of the header DPoP-Nonce: 401, and worth another try

	// Unavailable says that the token could not be judged, because the issuer cannot be reached: 503. The code is that of RFC 6749
	// §4.1.2.1; RFC 6750 has none for it.
	Unavailable Code = "temporarily_unavailable"
)

// Status is the HTTP status that goes with a code; 401 with the empty one, and with those that are not known.
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
	// ErrMissing: the request has no header Authorization, or one of another scheme than Bearer and DPoP.
	ErrMissing error = &reason{"", "No access token"}
	// ErrRequest: two headers Authorization, or one without a token, or with characters that no token has.
	ErrRequest error = &reason{InvalidRequest, "Malformed Authorization header"}
	// ErrTooLong: longer than Config.MaxSize.
	ErrTooLong error = &reason{InvalidToken, "Token is too long"}
	// ErrMalformed: no JWT in compact serialization, or claims that are missing or of the wrong type; Cause says what.
	ErrMalformed error = &reason{InvalidToken, "Malformed token"}
	// ErrAlgorithm: the header names an algorithm that is not among Config.Algorithms.
	ErrAlgorithm error = &reason{InvalidToken, "Algorithm not allowed"}
	// ErrUnknownKey: no key of the issuer has the name and the type that the header gives.
	ErrUnknownKey error = &reason{InvalidToken, "Unknown signing key"}
	// ErrSignature: a key of the issuer has that name, and did not sign it; or, where names are missing, none of its keys did.
	ErrSignature error = &reason{InvalidToken, "Invalid signature"}
	// ErrIssuer: "iss" is not Config.Issuer to the letter.
	ErrIssuer error = &reason{InvalidToken, "Invalid issuer"}
	// ErrType: an ID, refresh or logout token, or one that does not say what it is (Config.AcceptUntyped).
	ErrType error = &reason{InvalidToken, "Not an access token"}
	// ErrExpired: "exp" is now or was before, Config.Leeway included.
	ErrExpired error = &reason{InvalidToken, "Token is expired"}
	// ErrNotYet: "nbf" or "iat" is later than now, Config.Skew included.
	ErrNotYet error = &reason{InvalidToken, "Token is not valid yet"}
	// ErrInactive: the issuer says so when it is asked (Config.Introspection): revoked, ended, or never issued.
	ErrInactive error = &reason{InvalidToken, "Token is not active"}
	// ErrAudience: "aud" does not hold the audience; Claims and WantAudience say more.
	ErrAudience error = &reason{InvalidToken, "Invalid audience"}
	// ErrScope: "scope" lacks one of the scopes; Claims and WantScopes say more.
	ErrScope error = &reason{InsufficientScope, "Insufficient scope"}
	// ErrBound: it came without the proof or the certificate that "cnf" asks for, with another certificate, or "cnf" asks for something unknown.
	ErrBound error = &reason{InvalidToken, "Token is bound to a key or certificate that was not proved"}
	// ErrUnbound: it came by scheme DPoP, or DPoP.Require is set, and it is not bound to a key.
	ErrUnbound error = &reason{InvalidToken, "Token is not bound to a key"}
	// ErrProof: the DPoP proof is missing, malformed, old, used before, by another key, or for another request or token; Cause says which.
	ErrProof error = &reason{InvalidDPoPProof, "Invalid DPoP proof"}
	// ErrNonce: the proof names no nonce that this service gave out lately (DPoP.NonceKey).
	ErrNonce error = &reason{UseDPoPNonce, "Resource server requires nonce in DPoP proof"}
	// ErrUnavailable: the issuer, or the memory of proofs, cannot be asked, so the token cannot be judged; Cause says why.
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
