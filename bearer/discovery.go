package bearer

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// metadata is what is read of an issuer's discovery document (OpenID Connect Discovery §3).
type metadata struct {
	keys          string // jwks_uri
	introspection string // introspection_endpoint; empty where there is none
}

// discover fetches the discovery document from an address, or from where the issuer's is. It must be of the issuer, to the
// letter (OpenID Connect Discovery §4.3): whoever answers for another may have sent anything.
func (f *fetcher) discover(ctx context.Context, issuer, address string) (metadata, error) {
	if address == "" {
		address = strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
	}
	body, err := f.get(ctx, address)
	if err != nil {
		return metadata{}, fmt.Errorf("discovery of %s: %w", issuer, err)
	}
	m, err := readObject(body)
	if err != nil {
		return metadata{}, fmt.Errorf("discovery of %s: %w", issuer, err)
	}
	r := &reader{members: m}
	of, found := r.text("issuer"), metadata{keys: r.text("jwks_uri"), introspection: r.text("introspection_endpoint")}
	switch {
	case r.err != nil:
		return metadata{}, fmt.Errorf("discovery of %s: %w", issuer, r.err)
	case of != issuer:
		return metadata{}, fmt.Errorf("the discovery document at %s is of issuer %q, not %q", address, of, issuer)
	}
	return found, f.check(found.keys)
}

// rediscover is how old the discovery document may get. Issuers hardly ever move.
const rediscover = time.Hour

// fetchKeys fetches the issuer's keys, from where discovery says that they are.
func (v *Verifier) fetchKeys(ctx context.Context) (*keySet, error) {
	at, err := v.keysURL(ctx)
	if err != nil {
		return nil, err
	}
	began := v.config.Now()
	body, err := v.fetcher.get(ctx, at)
	if err == nil {
		return readKeySet(body, began)
	}
	v.mu.Lock()
	v.found = nil // they may have moved
	v.mu.Unlock()
	return nil, err
}

// keysURL is where the keys are.
func (v *Verifier) keysURL(ctx context.Context) (string, error) {
	if v.config.Keys.URL != "" {
		return v.config.Keys.URL, nil
	}
	m, err := v.metadata(ctx)
	return m.keys, err
}

// metadata is the issuer's. A discovery document that is old is fetched again, and serves on where it cannot be.
func (v *Verifier) metadata(ctx context.Context) (metadata, error) {
	v.mu.Lock()
	found, at := v.found, v.at
	v.mu.Unlock()
	if found != nil && v.config.Now().Sub(at) < rediscover {
		return *found, nil
	}
	later, err := v.discover(ctx)
	if err != nil && found != nil {
		return *found, nil
	}
	return later, err
}

// discover fetches the discovery document, and keeps what it says.
func (v *Verifier) discover(ctx context.Context) (metadata, error) {
	m, err := v.fetcher.discover(ctx, v.config.Issuer, v.config.DiscoveryURL)
	if err != nil {
		return metadata{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.found, v.at = &m, v.config.Now()
	return m, nil
}
