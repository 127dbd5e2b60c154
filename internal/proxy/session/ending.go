package session

import (
	"sync"
	"time"
)

// endings are sessions that were signed out here, for as long as a copy of their cookie could be of use. Other gatekeepers with
// the same key do not know them.
type endings struct {
	mu   sync.RWMutex
	all  map[string]time.Time // id → when it may be forgotten
	last time.Time            // when the last of all cookies ends
}

// maxEndings bounds what is remembered. When it is full, some are forgotten.
const maxEndings = 100_000

// expect tells when a cookie of a session ends. Any may have been copied, and renewed where the copy is, so that the last of all cookies
// counts; and one may be renewed while it is signed out.
func (e *endings) expect(id string, end time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if end.After(e.last) {
		e.last = end
	}
	if _, ended := e.all[id]; ended {
		e.all[id] = e.last
	}
}

func (e *endings) add(id string, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.all) >= maxEndings {
		for k, end := range e.all {
			if now.After(end) || len(e.all) >= maxEndings {
				delete(e.all, k)
			}
		}
	}
	e.all[id] = e.last
}

func (e *endings) has(id string, now time.Time) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	until, ok := e.all[id]
	return ok && now.Before(until)
}
