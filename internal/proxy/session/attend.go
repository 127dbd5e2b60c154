package session

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
)

// attendances are what goes on in sessions until they are signed out: WebSockets, and streams of events.
type attendances struct {
	mu  sync.Mutex
	all map[string]map[*context.CancelCauseFunc]struct{} // by the session's id
}

// Lasts tells whether a request is for something that goes on for as long as the caller likes.
func Lasts(r *http.Request) bool {
	return r.Header.Get("Upgrade") != "" || strings.HasPrefix(r.Header.Get("Accept"), "text/event-stream")
}

// ErrEnded is why the context of a request ends whose session is signed out.
var ErrEnded = errors.New("the session was signed out")

// Attend gives a request a context that ends, because of ErrEnded, when its session is signed out here. done is to be called when the request
// is over.
func (k *Keeper) Attend(r *http.Request, id string, now time.Time) (attending *http.Request, done func()) {
	ctx, cancel := context.WithCancelCause(r.Context())
	a := &k.attending
	a.mu.Lock()
	if a.all[id] == nil {
		a.all[id] = map[*context.CancelCauseFunc]struct{}{}
	}
	a.all[id][&cancel] = struct{}{}
	a.mu.Unlock()
	if k.ended.has(id, now) { // since it was looked at
		cancel(ErrEnded)
	}
	return r.WithContext(ctx), func() {
		cancel(nil)
		a.mu.Lock()
		defer a.mu.Unlock()
		if delete(a.all[id], &cancel); len(a.all[id]) == 0 {
			delete(a.all, id)
		}
	}
}

// end ends what goes on in a session.
func (a *attendances) end(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for cancel := range a.all[id] {
		(*cancel)(ErrEnded)
	}
}
