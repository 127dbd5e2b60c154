package session

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
)

// renewals renews sessions, each refresh token once: a page asks for many things at once, and an issuer that sees a refresh
// token twice takes it for stolen.
type renewals struct {
	mu  sync.Mutex
	all map[[sha256.Size]byte]*renewal
}

type renewal struct {
	done   chan struct{}
	tokens issuer.Tokens
	err    error
	at     time.Time // when it was done
}

// renewalAge is how long requests with the old cookie may come after those that had it renewed.
const renewalAge = 30 * time.Second

// Renew gives the tokens that a refresh token is good for, those that it was good for just now included. ask asks the issuer; it is
// called once for all who wait, and goes on when they leave.
func (k *Keeper) Renew(ctx context.Context, refresh string, now func() time.Time, ask func() (issuer.Tokens, error)) (issuer.Tokens, error) {
	key := sha256.Sum256([]byte(refresh))
	n, mine := k.renewals.join(key, now())
	if mine {
		go func() { // whoever began it may leave, others wait for it
			n.tokens, n.err = ask()
			k.renewals.done(key, n, now())
		}()
	}
	select {
	case <-n.done:
		return n.tokens, n.err
	case <-ctx.Done():
		return issuer.Tokens{}, ctx.Err()
	}
}

// join gives the renewal of a key. It is the caller's to do where mine is set.
func (a *renewals) join(key [sha256.Size]byte, now time.Time) (n *renewal, mine bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for k, old := range a.all {
		if !old.at.IsZero() && now.Sub(old.at) > renewalAge {
			delete(a.all, k)
		}
	}
	if n = a.all[key]; n != nil {
		return n, false
	}
	n = &renewal{done: make(chan struct{})}
	a.all[key] = n
	return n, true
}

// done ends a renewal. One that the issuer did not answer is forgotten at once, so that the next request tries again.
func (a *renewals) done(key [sha256.Size]byte, n *renewal, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n.at = now
	if errors.Is(n.err, issuer.ErrUnavailable) {
		delete(a.all, key)
	}
	close(n.done)
}
