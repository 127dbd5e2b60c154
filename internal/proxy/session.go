package proxy

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/proxy/issuer"
)

// session is one person's being signed in, as their browser keeps it, sealed.
type session struct {
	id                       string // the same through all renewals
	access, refresh, idToken string
}

// encode writes texts one after the other, each behind its length.
func encode(texts ...string) []byte {
	var out []byte
	for _, t := range texts {
		out = append(binary.AppendUvarint(out, uint64(len(t))), t...)
	}
	return out
}

// decode reads as many texts as into has; all of them or nothing.
func decode(value []byte, into ...*string) bool {
	for _, t := range into {
		n, used := binary.Uvarint(value)
		if used <= 0 || n > uint64(len(value)-used) {
			return false
		}
		*t, value = string(value[used:used+int(n)]), value[used+int(n):]
	}
	return len(value) == 0
}

// session is that of a request; nil where there is none.
func (g *Gatekeeper) session(r *http.Request) *session {
	if g.jar == nil {
		return nil
	}
	value, ok := g.jar.Get(r, g.config.Session.Cookie, g.now())
	if !ok {
		return nil
	}
	var s session
	if !decode(value, &s.id, &s.access, &s.refresh, &s.idToken) || g.ended.has(s.id, g.now()) {
		return nil
	}
	return &s
}

// newSession begins a session with tokens.
func (g *Gatekeeper) newSession(t issuer.Tokens) *session {
	s := &session{id: rand.Text()}
	s.take(t, &g.config.Session)
	return s
}

// take keeps of tokens what the session is to have.
func (s *session) take(t issuer.Tokens, c *Session) {
	s.access = t.Access
	if c.Refresh && t.Refresh != "" {
		s.refresh = t.Refresh
	}
	if c.EndAtIssuer && t.ID != "" {
		s.idToken = t.ID
	}
}

// keep gives a session to the browser.
func (g *Gatekeeper) keep(w http.ResponseWriter, r *http.Request, s *session, t issuer.Tokens) error {
	now, c := g.now(), &g.config.Session
	end := now.Add(t.Life())
	if s.refresh != "" {
		end = now.Add(c.Duration)
		if t.RefreshExpiresIn > 0 {
			end = now.Add(time.Duration(t.RefreshExpiresIn) * time.Second)
		}
	} else if t.ExpiresIn == 0 {
		end = now.Add(c.Duration)
	}
	return g.jar.Set(w, r, c.Cookie, encode(s.id, s.access, s.refresh, s.idToken), now, end, !c.Lasting)
}

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

// renew gives the tokens that a refresh token is good for, those that it was good for just now included.
func (g *Gatekeeper) renew(r *http.Request, refresh string) (issuer.Tokens, error) {
	key := sha256.Sum256([]byte(refresh))
	n, mine := g.renewals.join(key, g.now())
	if mine {
		go func() { // whoever began it may leave, others wait for it
			ctx, cancel := detached(r, g.config.Issuer.Timeout)
			defer cancel()
			n.tokens, n.err = g.issuer.Refresh(ctx, refresh)
			g.metrics.token("renewed", n.err)
			g.renewals.done(key, n, g.now())
		}()
	}
	select {
	case <-n.done:
		return n.tokens, n.err
	case <-r.Context().Done():
		return issuer.Tokens{}, r.Context().Err()
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

// endings are sessions that were signed out here, for as long as a copy of their cookie could be of use. Other gatekeepers with
// the same key do not know them.
type endings struct {
	mu  sync.RWMutex
	all map[string]time.Time // id → when it may be forgotten
}

// maxEndings bounds what is remembered. When it is full, some are forgotten.
const maxEndings = 100_000

func (e *endings) add(id string, until, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.all) >= maxEndings {
		for k, end := range e.all {
			if now.After(end) || len(e.all) >= maxEndings {
				delete(e.all, k)
			}
		}
	}
	e.all[id] = until
}

func (e *endings) has(id string, now time.Time) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	until, ok := e.all[id]
	return ok && now.Before(until)
}
