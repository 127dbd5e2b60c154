// Package fault names failures of state: something is missing, taken, outdated or malformed.
// Failures of protocol are oauth.Error.
package fault

import "errors"

var (
	ErrNotFound = errors.New("not found")
	ErrConflict = errors.New("conflict") // a name or id that must be unique is taken
	ErrStale    = errors.New("stale")    // it changed since it was read
	ErrBusy     = errors.New("busy")     // too much waits already: to be asked again in a moment
)

// NotFound says what is missing, in words that are safe to show. It is an ErrNotFound.
type NotFound struct{ Message string }

func (e *NotFound) Error() string { return e.Message }
func (e *NotFound) Unwrap() error { return ErrNotFound }

// Conflict says what is taken. It is an ErrConflict.
type Conflict struct {
	Kind    string // what there would be two of, as "realm", "client" or "user"
	Field   string // what must be unique: "id", "name", "username" or "email"
	Message string // safe to show, where whoever refused has words of their own; may be empty
}

func (e *Conflict) Error() string {
	if e.Message != "" {
		return e.Message
	}
	return e.Kind + " " + e.Field + " is taken"
}

func (e *Conflict) Unwrap() error { return ErrConflict }

// Invalid says which field of the caller's input cannot be accepted, and why.
type Invalid struct {
	Field   string // path in the caller's document, as clients[2].attributes.x; may be empty
	Message string // safe to show
}

func (e *Invalid) Error() string {
	if e.Field == "" {
		return e.Message
	}
	return e.Field + ": " + e.Message
}
