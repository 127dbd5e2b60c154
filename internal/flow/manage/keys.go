package manage

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
)

// Keys changes which keys of realms sign.
type Keys struct {
	Store KeyStore
}

// KeyStore keeps realms with their keys.
type KeyStore interface {
	Documents
	Realm(ctx context.Context, name string) (*realm.Realm, error)
}

// Rotate lets a new key sign alg from now on, of the kind of the one that does now, and gives the key
// of its provider. Tokens of the former key stay valid until that is disabled. fault.ErrNotFound where
// nothing signs alg.
func (k *Keys) Rotate(ctx context.Context, author audit.Author, realmName, alg string) (key string, err error) {
	r, err := k.Store.Realm(ctx, realmName)
	if err != nil {
		return "", err
	}
	made, err := keyring.Successor(r, alg, author.Now) // ahead of the transaction: it takes its time
	if err != nil {
		return "", err
	}
	err = k.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		if err := keyring.Install(d, made); err != nil {
			return nil, err
		}
		return recordKey(author, d, audit.Create, made.Key), nil
	})
	return made.Key, err
}

// SetEnabled switches a key on or off. One that is off neither signs nor verifies: tokens that it
// signed are refused.
func (k *Keys) SetEnabled(ctx context.Context, author audit.Author, realmName, key string, enabled bool) error {
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
		return recordKey(author, d, audit.Update, key), nil
	})
}
