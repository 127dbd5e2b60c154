// Package ledger keeps the decision log: it appends decisions to the chains of this node, exports and verifies them, and takes
// them again in a realm that would be another.
package ledger

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/decision"
	"github.com/tokenhouse/tokenhouse/internal/core/ledger"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Chains keep chains.
type Chains interface {
	ClaimChain(ctx context.Context, realmKey, name, owner string) (node string, end ledger.Link, err error)
	// ExtendChain is fault.ErrStale where the chain is not this process's any more.
	ExtendChain(ctx context.Context, b ledger.Batch) error
}

const (
	queueLength = 4096                  // decisions that wait before those who append have to
	largest     = 512                   // records that are written at once
	linger      = 20 * time.Millisecond // how long a decision that nobody waits for waits for company
	shortest    = 50 * time.Millisecond // how long to wait before a write that failed is tried again, at first
	longest     = 5 * time.Second       // and at last
	keepEvery   = time.Minute           // how often a head is kept beside later ones
	patience    = 10 * time.Second      // how long Close tries to write what is left
)

// Config is what a log needs. All fields are required.
type Config struct {
	Chains Chains
	Key    ed25519.PrivateKey // signs heads
	Node   string             // name of this node's chains
	Owner  string             // names this process, among all that there ever are
	Now    func() time.Time
	Log    *slog.Logger
}

// Log appends decisions. One goroutine writes them, in batches; where it falls behind, those who append wait. What it took
// it writes, however long that takes; only a process that ends before loses what was not written yet.
type Log struct {
	Config
	queue   chan entry
	mu      sync.RWMutex // held for reading while something is handed over
	closed  bool
	stop    chan struct{}
	running sync.WaitGroup
	ends    map[string]*end // of the chains of this process, by realm
}

// entry is a decision on its way.
type entry struct {
	realm string
	at    time.Time
	body  []byte
	done  chan struct{} // closed once it is on disk; nil where nobody waits
}

// Open starts to write.
func Open(c Config) *Log {
	l := &Log{Config: c, queue: make(chan entry, queueLength), stop: make(chan struct{}), ends: map[string]*end{}}
	l.running.Go(l.run)
	return l
}

// Append adds a decision of a realm, and in a realm that wants it waits until that is on disk, or the caller is gone. It
// never fails what it records.
func (l *Log) Append(ctx context.Context, r *realm.Realm, at time.Time, d *decision.Record) {
	if d == nil || !r.Log.On() {
		return
	}
	body, err := json.Marshal(d)
	if err != nil {
		l.Log.ErrorContext(ctx, "decision is not in the log", "id", d.ID, "cause", err)
		return
	}
	e := entry{realm: r.Key, at: at, body: body}
	if r.Log.Mode == realm.LogDurable {
		e.done = make(chan struct{})
	}
	if !l.hand(e) {
		l.Log.ErrorContext(ctx, "decision is not in the log: the server has ended", "id", d.ID)
		return
	}
	if e.done != nil {
		select {
		case <-e.done:
		case <-ctx.Done():
		}
	}
}

func (l *Log) hand(e entry) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.closed {
		return false
	}
	l.queue <- e
	return true
}

// Close writes what waits, and gives the chains back: what follows in them tells that nothing is missing.
func (l *Log) Close() {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	l.closed = true
	close(l.stop)
	close(l.queue)
	l.mu.Unlock()
	l.running.Wait()
}

func (l *Log) run() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	l.running.Go(func() {
		select {
		case <-l.stop:
			time.AfterFunc(patience, cancel)
		case <-ctx.Done():
		}
	})
	pulse := time.NewTicker(ledger.SignEvery)
	defer pulse.Stop()
	for {
		batch, more := l.gather(pulse.C)
		if len(batch) > 0 {
			l.writeAll(ctx, batch)
		}
		l.renew(ctx)
		if !more {
			break
		}
	}
	for key := range l.ends {
		if err := l.release(ctx, key); err != nil {
			l.Log.Error("a chain of the decision log was not closed", "realm", key, "cause", err)
		}
	}
}

// gather takes the first entry, and what comes soon after it. Where somebody waits it takes only what is there. It gives
// nothing where none comes before the pulse.
func (l *Log) gather(pulse <-chan time.Time) (batch []entry, more bool) {
	var e entry
	var ok bool
	select {
	case <-pulse:
		return nil, true
	case e, ok = <-l.queue:
	}
	if !ok {
		return nil, false
	}
	batch = append(batch, e)
	hurry := e.done != nil
	late := time.NewTimer(linger)
	defer late.Stop()
	for len(batch) < largest {
		if hurry {
			select {
			case e, ok = <-l.queue:
			default:
				return batch, true
			}
		} else {
			select {
			case e, ok = <-l.queue:
			case <-late.C:
				return batch, true
			}
		}
		if !ok {
			return batch, false
		}
		batch = append(batch, e)
		hurry = hurry || e.done != nil
	}
	return batch, true
}

// writeAll writes a batch, chain by chain, and again until it is written.
func (l *Log) writeAll(ctx context.Context, batch []entry) {
	var realms []string
	of := map[string][]entry{}
	for _, e := range batch {
		if of[e.realm] == nil {
			realms = append(realms, e.realm)
		}
		of[e.realm] = append(of[e.realm], e)
	}
	for _, key := range realms {
		l.write(ctx, key, of[key])
		for _, e := range of[key] {
			if e.done != nil {
				close(e.done)
			}
		}
	}
}
