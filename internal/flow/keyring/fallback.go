package keyring

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Fallback makes the key that Keycloak makes when a realm is asked for an algorithm that it has no
// key for: below all others, so that any key that an administrator adds takes its place.
func Fallback(realmName, alg string, now time.Time) (*realm.KeyProvider, error) {
	kind := generatedKind(alg)
	if kind == "" {
		return nil, fmt.Errorf("%q is no JWS algorithm", alg)
	}
	p := &realm.KeyProvider{Key: uuid.NewString(), Name: "fallback-" + alg, Kind: kind, Algorithm: alg, Priority: -100, Enabled: true, Active: true}
	return p, Complete(p, realmName, now)
}

// Has tells whether the realm has a key that signs alg.
func Has(r *realm.Realm, alg string) bool { return active(r, alg) != nil }

// active is the provider of the key that signs alg, or nil.
func active(r *realm.Realm, alg string) *realm.KeyProvider {
	for _, p := range byPriority(r) {
		if p.Algorithm == alg && p.Enabled && p.Active && kinds[p.Kind].use == useSig && Check(p) == nil {
			return p
		}
	}
	return nil
}
