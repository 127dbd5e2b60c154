package bearer

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"sync"
	"time"
)

// keys are the issuer's, as they were fetched at last.
type keys struct {
	fetch func(ctx context.Context) (*keySet, error)
	now   func() time.Time
	log   *slog.Logger
	times Keys

	absent *memory[[sha256.Size]byte, sought] // names of keys that tokens gave and that there was a fetch for

	mu     sync.Mutex
	set    *keySet       // nil until the first fetch that succeeded
	flight chan struct{} // closed when the fetch that is under way ends; nil where none is
	tried  time.Time     // when the last fetch began; zero: never
	failed error         // why the last fetch failed; nil where it did not
	fails  int           // fetches that failed since one succeeded
	spent  time.Time     // until when the fetches so far would last at one in MinInterval
}

// sought is when a key was looked for that was not there, and whether that was not the first time.
type sought struct {
	at    time.Time
	again bool
}

const (
	inRow     = 5     // fetches that may follow each other at once: keys that were fetched a moment ago may have been rotated since
	maxAbsent = 1_000 // names of keys that are remembered for being absent
)

func newKeys(c *Config, fetch func(ctx context.Context) (*keySet, error)) *keys {
	return &keys{fetch: fetch, now: c.Now, log: c.Log, times: c.Keys, absent: newMemory[[sha256.Size]byte, sought](maxAbsent)}
}

// current gives keys that may be believed now. Keys that have half their age are fetched again behind the caller's back, so that
// nobody waits while there are callers; it waits where there are no keys yet, or they are too old and nothing is known to be wrong.
func (k *keys) current(ctx context.Context) (*keySet, error) {
	now := k.now()
	k.mu.Lock()
	set, failed := k.set, k.failed
	if set != nil && now.Sub(set.fetched) < k.times.MaxAge/2 {
		k.mu.Unlock()
		return set, nil
	}
	flight := k.start(ctx, now)
	k.mu.Unlock()
	if flight != nil && (set == nil || failed == nil && now.Sub(set.fetched) >= k.times.MaxAge) {
		if err := wait(ctx, flight); err != nil {
			return nil, err
		}
		k.mu.Lock()
		set, failed = k.set, k.failed
		k.mu.Unlock()
	}
	if set == nil || now.Sub(set.fetched) > k.times.MaxStale {
		return nil, refuse(ErrUnavailable, failed)
	}
	return set, nil
}

// renewed gives the keys as they were fetched after those before, for a token by a key of a name that is not among them. They are
// the same where there was no fetch: strangers can make up names, so for the sake of one there are few, and not more for all of them
// than start allows. While keys cannot be fetched, nobody knows whether the name is made up.
func (k *keys) renewed(ctx context.Context, before *keySet, name string) (*keySet, error) {
	k.mu.Lock()
	var flight chan struct{}
	if k.set == before {
		flight = k.startFor(ctx, name)
	}
	k.mu.Unlock()
	if flight != nil {
		if err := wait(ctx, flight); err != nil {
			return nil, err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.set == before && k.failed != nil {
		return nil, refuse(ErrUnavailable, k.failed)
	}
	return k.set, nil
}

// startFor begins a fetch for the sake of a name, or gives the one under way, which may have begun before the key was published and
// so tells nothing of the name. A name that was looked for in vain is looked for again in a tenth of MinInterval, since servers that
// share an issuer's keys do not learn of a new one in the same moment, and from then on once in MinInterval. It is called with the
// lock held.
func (k *keys) startFor(ctx context.Context, name string) chan struct{} {
	if k.flight != nil {
		return k.flight
	}
	now, sum := k.now(), sha256.Sum256([]byte(name)) // names are as long as strangers like
	pause := k.times.MinInterval / 10
	last, before := k.absent.get(sum)
	if last.again {
		pause = k.times.MinInterval
	}
	if before && now.Sub(last.at) < pause {
		return nil
	}
	flight := k.start(ctx, now)
	if flight != nil {
		k.absent.put(sum, sought{now, before})
	}
	return flight
}

// start begins a fetch, and gives the one under way if there is one; nil where it is too early for another: shortly after one that
// failed, or where so many were made that there would be more than one in MinInterval, but for a few in a row. The fetch does not
// end with the request that it was begun for, since others wait for it too. It is called with the lock held.
func (k *keys) start(ctx context.Context, now time.Time) chan struct{} {
	if k.flight != nil {
		return k.flight
	}
	every := k.times.MinInterval
	if now.Sub(k.tried) < k.pause() || k.spent.Sub(now) > (inRow-1)*every {
		return nil
	}
	if k.spent.Before(now) {
		k.spent = now
	}
	k.spent = k.spent.Add(every)
	flight := make(chan struct{})
	k.flight, k.tried = flight, now
	go k.run(context.WithoutCancel(ctx), flight)
	return flight
}

// pause is how long to wait after fetches that failed: a tenth of MinInterval after the first, for an issuer that is only just
// starting, twice as long after each, and MinInterval at most. It is called with the lock held.
func (k *keys) pause() time.Duration {
	if k.fails == 0 {
		return 0
	}
	return min(k.times.MinInterval/10<<min(k.fails-1, 4), k.times.MinInterval)
}

func (k *keys) run(ctx context.Context, flight chan struct{}) {
	set, err := k.fetch(ctx)
	k.mu.Lock()
	k.flight, k.failed = nil, err
	if k.fails++; err == nil {
		k.set, k.fails = set, 0
	}
	stale := k.set != nil
	k.mu.Unlock()
	close(flight)
	if err != nil && stale { // else whoever needs keys is told
		k.log.WarnContext(ctx, "the issuer's keys could not be fetched: those from before are used", "error", err)
	}
}

func wait(ctx context.Context, flight chan struct{}) error {
	select {
	case <-flight:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
