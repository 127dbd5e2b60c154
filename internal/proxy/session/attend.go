package session

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// attendances are what goes on in sessions until they are signed out: WebSockets, and streams of events.
type attendances struct {
	mu  sync.Mutex
	all map[string]map[*func()]struct{} // what ends them, by the session's id
}

// Lasts tells whether a request asks for something that goes on for as long as the caller likes.
func Lasts(r *http.Request) bool {
	return r.Header.Get("Upgrade") != "" || strings.HasPrefix(r.Header.Get("Accept"), "text/event-stream")
}

// ErrEnded is why the context of a request ends whose session is signed out.
var ErrEnded = errors.New("the session was signed out")

// Attend gives a request a context that ends, because of ErrEnded, when its session is signed out here. done is to be called when the request
// is over.
func (k *Keeper) Attend(r *http.Request, id string, now time.Time) (attending *http.Request, done func()) {
	ctx, cancel := context.WithCancelCause(r.Context())
	over := k.Until(id, now, func() { cancel(ErrEnded) })
	return r.WithContext(ctx), func() { over(); cancel(nil) }
}

// Until has something end when a session is signed out here, or at once where it was. over is to be called when it is over.
func (k *Keeper) Until(id string, now time.Time, end func()) (over func()) {
	a := &k.attending
	a.mu.Lock()
	if a.all[id] == nil {
		a.all[id] = map[*func()]struct{}{}
	}
	a.all[id][&end] = struct{}{}
	a.mu.Unlock()
	if k.ended.has(id, now) { // since it was looked at
		end()
	}
	return func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if delete(a.all[id], &end); len(a.all[id]) == 0 {
			delete(a.all, id)
		}
	}
}

// end ends what goes on in a session.
func (a *attendances) end(id string) {
	a.mu.Lock()
	ends := slices.Collect(maps.Keys(a.all[id]))
	a.mu.Unlock() // what ends says that it is over
	for _, end := range ends {
		(*end)()
	}
}
