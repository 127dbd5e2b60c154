package upstream

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/tokenhouse/tokenhouse/internal/core/federation"
)

// How long a key set is believed.
const (
	fresh = 10 * time.Minute // it is fetched again after
	stale = time.Hour        // it is believed while fetching fails
	pause = 10 * time.Second // between two fetches, whatever asks for them
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
}

// Keys are the public keys published at a URL (RFC 7517 §5). They are remembered; a set that lacks
// kid is fetched again, but not more often than every ten seconds. An empty kid is never lacking.
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
		set.tried = now
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
	if !s.tried.IsZero() && now.Sub(s.tried) < pause {
		return false
	}
	return s.fetched.IsZero() || now.Sub(s.fetched) > fresh || kid != "" && !s.has(kid)
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
