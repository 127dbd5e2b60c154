package keyring

import (
	"cmp"
	"slices"
	"weak"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/token"
)

// ring is the keys of one version of a realm, ready for use.
type ring struct {
	// of is the snapshot that the ring was made from. It is weak because the store decides how long
	// a realm stays in memory.
	of weak.Pointer[realm.Realm]

	keys      []*key           // enabled and readable, by falling priority
	signing   map[string]*key  // by algorithm: the active key of highest priority
	verifying map[keyName]*key // active and passive
	public    []byte           // JSON Web Key Set
}

// keyName is what a token's header must say to be verified by a key. The algorithm is part of the
// name: two providers may hold the same RSA key for two algorithms, and no header can have a key
// used with another algorithm than its own (attack T06).
type keyName struct{ kid, alg string }

// newRing makes the ring of a realm. It takes the keys of providers that have not changed from old,
// which may be nil: reading an RSA key takes longer than all the rest.
func newRing(r *realm.Realm, old *ring) *ring {
	n := &ring{of: weak.Make(r), signing: map[string]*key{}, verifying: map[keyName]*key{}}
	known := map[*realm.KeyProvider]*key{}
	if old != nil {
		for _, k := range old.keys {
			known[k.provider] = k
		}
	}
	for _, p := range byPriority(r) {
		if !p.Enabled {
			continue
		}
		k := known[p]
		if k == nil {
			var err error
			if k, err = newKey(p); err != nil {
				continue // Check tells administrators why
			}
		}
		n.add(k)
	}
	n.publish()
	return n
}

// byPriority are the realm's key providers by falling priority, as Keycloak orders them.
func byPriority(r *realm.Realm) []*realm.KeyProvider {
	all := r.Keys()
	slices.SortStableFunc(all, func(a, b *realm.KeyProvider) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), cmp.Compare(a.Key, b.Key))
	})
	return all
}

func (n *ring) add(k *key) {
	n.keys = append(n.keys, k)
	if k.pair == nil { // it does not sign
		return
	}
	if k.provider.Active && n.signing[k.alg] == nil {
		n.signing[k.alg] = k
	}
	if name := (keyName{k.provider.Kid, k.alg}); n.verifying[name] == nil {
		n.verifying[name] = k
	}
}

func (n *ring) publish() {
	set := []any{}
	for _, k := range n.keys {
		if k.jwk != nil {
			set = append(set, k.jwk)
		}
	}
	n.public = token.Object{{Name: "keys", Value: set}}.AppendJSON(nil)
}
