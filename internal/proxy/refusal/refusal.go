// Package refusal is why a request does not get through, and how that is told: to people by a page, to programs by JSON, to whoever
// operates the gatekeeper by the log, under an id that the answer names.
package refusal

import (
	"errors"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/proxy/identity"
	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
	"github.com/tokenhouse/tokenhouse/internal/proxy/mend"
	"github.com/tokenhouse/tokenhouse/internal/proxy/seal"
)

// Refusal is why a request does not get through: what the caller is told, and what only the log says.
type Refusal struct {
	Status     int
	Code, Text string
	SignIn     bool     // signing in mends it
	Vain       bool     // somebody signed in to mend it, which it did not
	Anew       bool     // a sign-in was broken off, and has to begin anew
	Hints      []string // what whoever operates the gatekeeper may look at
	Cause      error
	Who        *identity.Identity // nil: nobody is known

	// Of a token that is for others:
	Audience []string // what "aud" holds; not nil
	Want     string   // what it had to hold
	Fixes    []explain.Fix
	Hidden   []explain.Fix // that tell of the issuer's configuration
}

func (f *Refusal) Error() string { return f.Text }
func (f *Refusal) Unwrap() error { return f.Cause }

// New is a refusal by status, OAuth error code and text.
func New(status int, code, text string) *Refusal {
	return &Refusal{Status: status, Code: code, Text: text}
}

// Because adds what the log alone says.
func (f *Refusal) Because(cause error) *Refusal { f.Cause = cause; return f }

// By adds who is refused.
func (f *Refusal) By(who *identity.Identity) *Refusal { f.Who = who; return f }

// Look adds what whoever operates the gatekeeper may look at.
func (f *Refusal) Look(hints []string) *Refusal { f.Hints = hints; return f }

// Unsigned is of a request by nobody.
func Unsigned() *Refusal {
	f := New(http.StatusUnauthorized, "", "Sign in, or send an access token")
	f.SignIn = true
	return f
}

// Away is of what only the issuer could have said.
func Away(cause error) *Refusal {
	return New(http.StatusServiceUnavailable, "temporarily_unavailable", "Whoever signs people in cannot be reached").Because(cause)
}

// Of is what an error is to a caller.
func Of(err error) *Refusal {
	if f, ok := errors.AsType[*Refusal](err); ok {
		return f
	}
	switch {
	case errors.Is(err, issuer.ErrUnavailable):
		return Away(err)
	case errors.Is(err, seal.ErrTooLarge):
		return New(http.StatusBadGateway, "bad_gateway", "Your tokens are too large for the cookies of a session").Because(err).Look(mend.TooLarge())
	}
	return New(http.StatusInternalServerError, "server_error", "Something went wrong").Because(err)
}
