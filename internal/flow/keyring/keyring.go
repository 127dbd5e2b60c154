package keyring

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// maxRings is of how many realms the parsed keys are kept. A realm's take some 10 KB.
const maxRings = 4096

// Realms keeps the keys that are made when an algorithm is first asked for.
type Realms interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
	Edit(ctx context.Context, name string, edit func(*realm.Draft) ([]event.Admin, error)) error
}

// Keyring signs and verifies with the keys of realms. It is safe for concurrent use. The realms that
// it is given must be snapshots: it does not notice changes to a draft's.
type Keyring struct {
	realms Realms
	now    func() time.Time
	rings  *otter.Cache[string, *ring]
	making sync.Mutex // one key is made at a time
}

// New makes a keyring. With nil realms it makes no keys: a realm must have those that it signs with.
func New(realms Realms, now func() time.Time) *Keyring {
	rings := otter.Must(&otter.Options[string, *ring]{MaximumSize: maxRings})
	return &Keyring{realms: realms, now: now, rings: rings}
}

// Public is the realm's JSON Web Key Set (RFC 7517 §5): its enabled keys, passive ones too, by falling
// priority. Secrets are not in it. The bytes are shared and must not be changed.
func (k *Keyring) Public(r *realm.Realm) []byte { return k.ring(r).public }

// ring is the realm's ring, made anew where the realm has changed.
func (k *Keyring) ring(r *realm.Realm) *ring {
	old, _ := k.rings.GetIfPresent(r.Key)
	if old != nil && old.of.Value() == r {
		return old
	}
	next := newRing(r, old)
	k.rings.Set(r.Key, next)
	return next
}

// signer is the key that signs alg in this realm; it is made and kept where there is none.
func (k *Keyring) signer(ctx context.Context, r *realm.Realm, alg string) (*key, error) {
	if s := k.ring(r).signing[alg]; s != nil {
		return s, nil
	}
	if k.realms == nil {
		return nil, fmt.Errorf("realm %q has no key for %q", r.Name, alg)
	}
	k.making.Lock()
	defer k.making.Unlock()
	r, err := k.realms.Realm(ctx, r.Name)
	if err != nil {
		return nil, fmt.Errorf("load realm: %w", err)
	}
	if s := k.ring(r).signing[alg]; s != nil { // made while we waited
		return s, nil
	}
	if r, err = k.addFallback(ctx, r, alg); err != nil {
		return nil, fmt.Errorf("make a key for %q: %w", alg, err)
	}
	if s := k.ring(r).signing[alg]; s != nil {
		return s, nil
	}
	return nil, fmt.Errorf("realm %q has no key for %q that can be read", r.Name, alg)
}

// addFallback gives the realm a key for alg, unless another node was first.
func (k *Keyring) addFallback(ctx context.Context, r *realm.Realm, alg string) (*realm.Realm, error) {
	p, err := Fallback(r.Name, alg, k.now())
	if err != nil {
		return nil, err
	}
	err = k.realms.Edit(ctx, r.Name, func(d *realm.Draft) ([]event.Admin, error) {
		if !Has(d.Realm(), alg) {
			d.PutKey(p)
		}
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	return k.realms.Realm(ctx, r.Name)
}
