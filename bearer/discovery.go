package bearer

import (
	"context"
	"fmt"
	"strings"
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
