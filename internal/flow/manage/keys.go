package manage

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Keys changes the keys of realms.
type Keys struct {
	Store KeyStore
	Now   func() time.Time
	NewID func() string
}

// KeyStore keeps realms with their keys.
type KeyStore interface {
	Documents
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Rotate lets a new key sign alg from now on, of the kind of the one that does now, and gives the key
// of its provider. Tokens of the former key stay valid until that is disabled. fault.ErrNotFound where
// nothing signs alg.
func (k *Keys) Rotate(ctx context.Context, actor event.Actor, realmName, alg string) (key string, err error) {
	r, err := k.Store.Realm(ctx, realmName)
	if err != nil {
		return "", err
	}
	made, err := keyring.Successor(r, alg, k.Now()) // ahead of the transaction: it takes its time
	if err != nil {
		return "", err
	}
	err = k.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		if err := keyring.Install(d, made); err != nil {
			return nil, err
		}
		return k.record(d, actor, "CREATE", made.Key), nil
	})
	return made.Key, err
}

// SetEnabled switches a key on or off. One that is off neither signs nor verifies: tokens that it
// signed are refused.
func (k *Keys) SetEnabled(ctx context.Context, actor event.Actor, realmName, key string, enabled bool) error {
	return k.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		old := d.Realm().KeyBy(key)
		if old == nil {
			return nil, fault.ErrNotFound
		}
		with := *old
		var err error
		if with.Extra, err = loadExtra(d, realm.KindKey, key); err != nil {
			return nil, err
		}
		with.Enabled = enabled
		d.PutKey(&with)
		return k.record(d, actor, "UPDATE", key), nil
	})
}

func (k *Keys) record(d *realm.Draft, actor event.Actor, operation, key string) []event.Admin {
	t := trail{actor, k.Now(), k.NewID}
	return t.of(d.Realm(), operation, "COMPONENT", "components/"+key, keycloak.FromKeyProvider(d.Realm().KeyBy(key)))
}
