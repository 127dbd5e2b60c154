package brokerclient

import (
	"context"
	"crypto/sha256"
	"net/url"
	"sync"
	"time"
)

// early is how long before its end a token is no longer given out: it has to reach the service, and clocks differ.
const early = 30 * time.Second

// flightTime is how long a token is waited for that several callers want.
const flightTime = 30 * time.Second

// Source gives tokens, and keeps each until 30 seconds before it expires, by all that was asked: subject, actor, audience,
// resource, scope and types. Who asks for the same at once waits for one request. Refusals are not kept. It is safe for
// concurrent use.
//
// A token that lives no longer than that, or whose end the server does not tell, serves only those who waited for it. A token that
// was revoked meanwhile is given out until then, unless it is dropped. Tokens are in memory alone, and under hashes of what was asked.
type Source struct {
	client *Client
	half   int

	mu         sync.Mutex
	young, old map[[sha256.Size]byte]*entry // what is old is forgotten when the young ones are too many
}

// entry is a token, or the wait for it.
type entry struct {
	done  chan struct{}
	token *Token
	err   error
}

// maxTokens is how many tokens a Source keeps at most.
const maxTokens = 10_000

// NewSource makes a Source that keeps at most 10,000 tokens, and forgets those first that nobody asked for lately.
func (c *Client) NewSource() *Source { return c.newSource(maxTokens) }

func (c *Client) newSource(max int) *Source {
	return &Source{client: c, half: max / 2, young: map[[sha256.Size]byte]*entry{}}
}

// Exchange is Client.Exchange, from memory where it can be. The token is the caller's to read, and shared with others.
func (s *Source) Exchange(ctx context.Context, q Request) (*Token, error) {
	form, err := q.form()
	if err != nil {
		return nil, err
	}
	return s.token(ctx, form, func(ctx context.Context) (*Token, error) { return s.client.exchange(ctx, form, q) })
}

// ClientCredentials is Client.ClientCredentials, from memory where it can be.
func (s *Source) ClientCredentials(ctx context.Context, q Own) (*Token, error) {
	form := q.form()
	return s.token(ctx, form, func(ctx context.Context) (*Token, error) { return s.client.ask(ctx, form) })
}

// Drop forgets a token, as one should that a service did not accept. One that the Source does not keep is nothing to it.
func (s *Source) Drop(t *Token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, generation := range []map[[sha256.Size]byte]*entry{s.young, s.old} {
		if e := generation[t.kept]; e != nil && e.token == t {
			delete(generation, t.kept)
		}
	}
}

// token gives the token of a form: kept, waited for, or fetched. A fetch does not end with the caller that it was begun for, since
// others wait for it too.
func (s *Source) token(ctx context.Context, form url.Values, fetch func(context.Context) (*Token, error)) (*Token, error) {
	k := sha256.Sum256([]byte(form.Encode()))
	s.mu.Lock()
	e := s.find(k)
	if e == nil {
		e = &entry{done: make(chan struct{})}
		s.add(k, e)
		go func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flightTime)
			defer cancel()
			t, err := fetch(ctx)
			if err == nil {
				t.kept = k
			}
			s.mu.Lock()
			e.token, e.err = t, err
			s.mu.Unlock()
			close(e.done)
		}()
	}
	s.mu.Unlock()
	select {
	case <-e.done:
		return e.token, e.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// find gives what is under way, or good for long enough. It is called with the lock held.
func (s *Source) find(k [sha256.Size]byte) *entry {
	e := s.young[k]
	if e == nil {
		if e = s.old[k]; e == nil {
			return nil
		}
		s.add(k, e)
	}
	select {
	case <-e.done:
	default:
		return e
	}
	if e.err != nil || !s.client.config.Now().Before(e.token.Expires.Add(-early)) {
		return nil
	}
	return e
}

func (s *Source) add(k [sha256.Size]byte, e *entry) {
	if len(s.young) >= s.half {
		s.old, s.young = s.young, map[[sha256.Size]byte]*entry{}
	}
	s.young[k] = e
}
