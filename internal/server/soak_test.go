package server_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// How long visitors keep coming on each database, and how many requests they send at most.
const (
	soakTime     = time.Minute
	soakRequests = 200_000
)

// What a server may hold after all that above what it held when it was warm. Caches are bounded and hold
// more then: 20,000 sessions, 10,000 users and the tokens seen last. Connections to the database, and what
// serves them, come and go.
const (
	moreHeap       = 64 << 20 // bytes
	moreGoroutines = 10
)

// TestSoak is TestTraffic for a long time: every answer is still the one that must come, and what was used
// is given back.
func TestSoak(t *testing.T) {
	storetest.SkipUnlessLong(t)
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			m := newMarket(t, db, 32)
			m.open(func(v *visitor) { // warm
				for _, what := range visits {
					v.visit(what)
				}
			})
			before := m.held()
			end := time.Now().Add(soakTime)
			m.open(func(v *visitor) {
				for time.Now().Before(end) && m.requests.Load() < soakRequests {
					v.visit(visits[rand.N(len(visits))])
				}
			})
			after := m.heldAtMost(before.goroutines + moreGoroutines)
			t.Logf("%d requests; before: %v; after: %v", m.requests.Load(), before, after)
			if after.goroutines > before.goroutines+moreGoroutines {
				t.Errorf("goroutines were left: %v, before %v", after, before)
			}
			if after.heap > before.heap+moreHeap {
				t.Errorf("memory was left: %v, before %v", after, before)
			}
			m.checkBooks()
		})
	}
}

// holdings is what a process holds.
type holdings struct {
	goroutines int
	heap       uint64 // bytes in use
}

func (h holdings) String() string {
	return fmt.Sprintf("%d goroutines, %.1f MB of heap", h.goroutines, float64(h.heap)/(1<<20))
}

// held is what the process holds when no connection is open.
func (m *market) held() holdings {
	m.web.CloseIdleConnections()
	time.Sleep(100 * time.Millisecond) // the server notices
	runtime.GC()
	runtime.GC() // what the first found finalizers for
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return holdings{runtime.NumGoroutine(), s.HeapAlloc}
}

// heldAtMost waits a while until there are so few goroutines.
func (m *market) heldAtMost(goroutines int) holdings {
	for deadline := time.Now().Add(10 * time.Second); ; {
		h := m.held()
		if h.goroutines <= goroutines || time.Now().After(deadline) {
			return h
		}
	}
}
