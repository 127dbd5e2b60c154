package upstream

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
)

// How long a key set is believed.
const (
	fresh = 10 * time.Minute // it is fetched again after
	stale = time.Hour        // it is believed while fetching fails
)

// How often a key set is fetched, whatever asks for it. Strangers choose the names of keys: those that they make up must neither
// make the issuer answer each time, nor keep a key that is really new from being seen.
const (
	every = 10 * time.Second // between two fetches on average, and after one that failed
	inRow = 5                // that may follow each other at once
	again = time.Second      // until a name that was not there is looked for once more; from then on it is every
)

// place is where keys are published: in what, and its URL.
type place struct {
	in  federation.KeyPlace
	url string
}

// keySet is what one place publishes, as it was last seen.
type keySet struct {
	turn    chan struct{} // held by who reads or fetches
	keys    []jose.JSONWebKey
	fetched time.Time // when keys came; zero: never
	tried   time.Time // when a fetch last began
	failure error     // of that fetch
	spent   time.Time // until when fetches at the pace of every would have been begun by now
	absent  map[[sha256.Size]byte]sought
}

// sought is a name that a set lacked when it was fetched for it. Names are as long as strangers like: their hash is kept.
type sought struct {
	at    time.Time
	twice bool
}

// Keys are the public keys published at a URL (RFC 7517 §5). They are remembered; a set that lacks
// kid is fetched again: five times in a row at most, and every ten seconds on average. An empty kid is never lacking.
func (c *Client) Keys(ctx context.Context, url, kid string) ([]jose.JSONWebKey, error) {
	return c.published(ctx, federation.InKeySet, url, kid)
}

// published are the keys that a place at a URL names, remembered as Keys says.
func (c *Client) published(ctx context.Context, in federation.KeyPlace, url, kid string) ([]jose.JSONWebKey, error) {
	at := place{in, url}
	set, ok := c.sets.GetIfPresent(at)
	if !ok {
		set, _ = c.sets.SetIfAbsent(at, &keySet{turn: make(chan struct{}, 1)})
	}
	select {
	case set.turn <- struct{}{}:
		defer func() { <-set.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}

	now := c.now()
	if set.wants(kid, now) {
		set.begin(kid, now)
		// Others wait for this fetch: that this caller gives up must not fail it.
		keys, err := c.fetchPublished(context.WithoutCancel(ctx), at)
		if set.failure = err; err == nil {
			set.keys, set.fetched = keys, now
		}
	}
	if set.fetched.IsZero() || now.Sub(set.fetched) > stale {
		return nil, set.failure
	}
	return set.keys, nil
}

// wants tells whether the set should be fetched now.
func (s *keySet) wants(kid string, now time.Time) bool {
	switch {
	case s.failure != nil && now.Sub(s.tried) < every, s.spent.Sub(now) > (inRow-1)*every:
		return false
	case s.fetched.IsZero(), now.Sub(s.fetched) > fresh:
		return true
	case kid == "" || s.has(kid):
		return false
	}
	before, known := s.absent[sha256.Sum256([]byte(kid))]
	return !known || now.Sub(before.at) >= before.pause()
}

// pause is how long a name is not looked for again.
func (s sought) pause() time.Duration {
	if s.twice {
		return every
	}
	return again
}

// begin notes that the set is fetched now, for who looks for kid.
func (s *keySet) begin(kid string, now time.Time) {
	if s.tried = now; s.spent.Before(now) {
		s.spent = now
	}
	s.spent = s.spent.Add(every)
	if kid == "" || s.fetched.IsZero() || s.has(kid) {
		return
	}
	maps.DeleteFunc(s.absent, func(_ [sha256.Size]byte, was sought) bool { return now.Sub(was.at) > every }) // few are left: fetches are few
	if s.absent == nil {
		s.absent = map[[sha256.Size]byte]sought{}
	}
	sum := sha256.Sum256([]byte(kid))
	_, before := s.absent[sum]
	s.absent[sum] = sought{now, before}
}

func (s *keySet) has(kid string) bool {
	return slices.ContainsFunc(s.keys, func(k jose.JSONWebKey) bool { return k.KeyID == kid })
}

// fetchPublished reads the keys that a place names.
func (c *Client) fetchPublished(ctx context.Context, at place) ([]jose.JSONWebKey, error) {
	switch at.in {
	case federation.InMetadata:
		about, err := c.Discover(ctx, at.url)
		if err != nil {
			return nil, err
		}
		return c.fetchKeys(ctx, about.JWKSURI, federation.ReadKeySet)
	case federation.InBundle:
		return c.fetchKeys(ctx, at.url, federation.ReadBundle)
	}
	return c.fetchKeys(ctx, at.url, federation.ReadKeySet)
}

// fetchKeys reads a document of keys: the public ones that are understood.
func (c *Client) fetchKeys(ctx context.Context, url string, read func([]byte) ([]jose.JSONWebKey, error)) ([]jose.JSONWebKey, error) {
	body, err := c.get(ctx, url)
	if err != nil {
		return nil, err
	}
	keys, err := read(body)
	if err != nil {
		return nil, fmt.Errorf("read the keys at %s: %w", url, err)
	}
	return keys, nil
}
