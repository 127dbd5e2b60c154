package render

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// Handler answers a request, or returns why it cannot. It must not have written anything when it
// returns an error: encode first, write last.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Answer makes an http.Handler of h. Errors are answered by the table in error.go, and so is a panic.
func Answer(log *slog.Logger, h Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := guard(h, w, r); err != nil {
			Error(log, w, r, err)
		}
	})
}

// guard runs h and makes an error of a panic.
func guard(h Handler, w http.ResponseWriter, r *http.Request) (err error) {
	defer func() {
		switch p := recover(); p {
		case nil:
		case http.ErrAbortHandler: // how a handler asks net/http to drop the connection
			panic(p)
		default:
			err = &panicked{fmt.Sprint(p), debug.Stack()}
		}
	}()
	return h(w, r)
}

// panicked is a panic of a handler, with where it came from.
type panicked struct {
	value string
	stack []byte
}

func (p *panicked) Error() string { return "panic: " + p.value }

// trace is the stack of a panic, for the log; empty for other errors.
func trace(err error) []slog.Attr {
	if p, ok := errors.AsType[*panicked](err); ok {
		return []slog.Attr{slog.String("stack", string(p.stack))}
	}
	return nil
}
