package engine

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	largestGroup = 256                   // writes in one transaction
	largestLater = 1024                  // queued statements in one transaction
	queueLength  = 8192                  // statements that Later takes before it keeps callers waiting
	linger       = 10 * time.Millisecond // how long a queued statement waits for company
	courtesy     = time.Millisecond      // how long a write waits for as many as came last time
	patience     = 30 * time.Second      // for one transaction
)

// writer commits what waits in groups.
type writer struct {
	backend backend
	dialect *dialect
	log     *slog.Logger

	writes chan *waiting
	queue  chan Statement

	mu      sync.RWMutex // held for reading while something is handed over
	closed  bool
	closing chan struct{}
	running sync.WaitGroup

	taken   atomic.Int64 // queued statements so far
	settled tally        // and of those the written ones
}

// tally counts up, and tells those who wait.
type tally struct {
	mu    sync.Mutex
	n     int64
	moved chan struct{} // closed, and made anew, when n grows; nil where nobody waits
}

func (t *tally) add(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.n += int64(n)
	if t.moved != nil {
		close(t.moved)
		t.moved = nil
	}
}

// reach returns once the tally has come to n.
func (t *tally) reach(ctx context.Context, n int64) error {
	for {
		t.mu.Lock()
		if t.n >= n {
			t.mu.Unlock()
			return nil
		}
		if t.moved == nil {
			t.moved = make(chan struct{})
		}
		moved := t.moved
		t.mu.Unlock()
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// waiting is a write whose caller waits.
type waiting struct {
	*Write
	done chan error
}

func startWriter(b backend, d *dialect, log *slog.Logger) *writer {
	w := &writer{
		backend: b,
		dialect: d,
		log:     log,
		writes:  make(chan *waiting, largestGroup),
		queue:   make(chan Statement, queueLength),
		closing: make(chan struct{}),
	}
	w.running.Go(func() { w.run(w.queue) })
	for range d.writers - 1 {
		w.running.Go(func() { w.run(nil) }) // queued statements are best written by one
	}
	return w
}

func (w *writer) write(ctx context.Context, q *Write) error {
	p := &waiting{q, make(chan error, 1)}
	if err := w.hand(ctx, p); err != nil {
		return err
	}
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) hand(ctx context.Context, p *waiting) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return ErrClosed
	}
	select {
	case w.writes <- p:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *writer) later(s Statement) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return ErrClosed
	}
	w.taken.Add(1)
	w.queue <- s
	return nil
}

// flush returns once the statements that are queued now are written, or lost: one goroutine writes them in
// their order.
func (w *writer) flush(ctx context.Context) error { return w.settled.reach(ctx, w.taken.Load()) }

// close takes nothing more, and returns when everything taken is written.
func (w *writer) close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.closing)
	}
	w.mu.Unlock()
	w.running.Wait()
}

// run commits groups until the writer is closed and nothing is left. A nil queue has nothing.
func (w *writer) run(queue <-chan Statement) {
	var g group
	for {
		company := len(g.writes)
		g.reset()
		if !w.await(&g, queue) {
			return
		}
		runtime.Gosched() // else the first would go alone, though others are about to write
		w.fill(&g, queue)
		w.gather(&g, company)
		w.commit(&g)
	}
}

func (p *waiting) finish(err error) {
	if err == nil && p.Committed != nil {
		p.Committed()
	}
	p.done <- err
}
