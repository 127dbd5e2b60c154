package keyring

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Defaults are the key providers of a new realm, as Keycloak makes them.
func Defaults(realmName string, now time.Time) ([]*realm.KeyProvider, error) {
	all := []*realm.KeyProvider{
		{Name: "rsa-generated", Kind: "rsa-generated", Algorithm: "RS256"},
		{Name: "rsa-enc-generated", Kind: "rsa-enc-generated", Algorithm: "RSA-OAEP"},
		{Name: "hmac-generated-hs512", Kind: "hmac-generated", Algorithm: Internal},
		{Name: "aes-generated", Kind: "aes-generated", Algorithm: "AES"},
	}
	for _, p := range all {
		p.Key, p.Priority, p.Enabled, p.Active = uuid.NewString(), 100, true, true
		if err := Complete(p, realmName, now); err != nil {
			return nil, err
		}
	}
	return all, nil
}

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

// Rotate adds a new key for alg, of the kind and size of the one that signs now and above it, and
// gives it back. The old one stays active below: make it passive or disable it later. Without a key
// to rotate it is fault.ErrNotFound. Making an RSA key can take a second; where a transaction would be
// held open for it, make a Successor beforehand.
func Rotate(d *realm.Draft, alg string, now time.Time) (*realm.KeyProvider, error) {
	p, err := Successor(d.Realm(), alg, now)
	if err != nil {
		return nil, err
	}
	if err := Install(d, p); err != nil {
		return nil, err
	}
	return d.Realm().KeyBy(p.Key), nil
}

// Successor makes a new key for alg, of the kind and size of the one that signs now, which Install puts
// in that one's place; fault.ErrNotFound.
func Successor(r *realm.Realm, alg string, now time.Time) (*realm.KeyProvider, error) {
	old := active(r, alg)
	if old == nil {
		return nil, noKey(alg)
	}
	kind := generatedKind(alg)
	p := &realm.KeyProvider{
		Key: uuid.NewString(), Name: kind + "-" + now.UTC().Format(time.DateOnly), Kind: kind, Enabled: true, Active: true,
		Algorithm: old.Algorithm, Curve: old.Curve, Size: old.Size, Extra: realm.Extra{},
	}
	return p, Complete(p, r.Name, now)
}

// Install adds a key above the one that signs its algorithm now. Where there is none any more it is
// fault.ErrNotFound.
func Install(d *realm.Draft, p *realm.KeyProvider) error {
	old := active(d.Realm(), p.Algorithm)
	if old == nil {
		return noKey(p.Algorithm)
	}
	next := *p // the draft may be of an edit that runs again
	next.Priority = old.Priority + 10
	d.PutKey(&next)
	return nil
}

func noKey(alg string) error { return fmt.Errorf("key for %q: %w", alg, fault.ErrNotFound) }

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
