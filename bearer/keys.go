package bearer

import (
	"context"
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

	mu     sync.Mutex
	set    *keySet       // nil until the first fetch that succeeded
	flight chan struct{} // closed when the fetch that is under way ends; nil where none is
	tried  time.Time     // when the last fetch began; zero: never
	failed error         // why the last fetch failed; nil where it did not
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

// renewed gives the keys after a fetch, for a token that names none of the set before. Where the last fetch was a moment ago
// there is none: strangers can make up names of keys. While keys cannot be fetched, nobody knows whether the name is made up.
func (k *keys) renewed(ctx context.Context, before *keySet) (*keySet, error) {
	k.mu.Lock()
	var flight chan struct{}
	if k.set == before {
		flight = k.start(ctx, k.now())
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

// start begins a fetch, and gives the one under way if there is one; nil where it is too early for another. The fetch does
// not end with the request that it was begun for, since others wait for it too. It is called with the lock held.
func (k *keys) start(ctx context.Context, now time.Time) chan struct{} {
	if k.flight != nil {
		return k.flight
	}
	if !k.tried.IsZero() && now.Sub(k.tried) < k.times.MinInterval {
		return nil
	}
	flight := make(chan struct{})
	k.flight, k.tried = flight, now
	go k.run(context.WithoutCancel(ctx), flight)
	return flight
}

func (k *keys) run(ctx context.Context, flight chan struct{}) {
	set, err := k.fetch(ctx)
	k.mu.Lock()
	k.flight, k.failed = nil, err
	if err == nil {
		k.set = set
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
