package manage

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/flow/keyring"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/component"
)

// createKey adds a key provider. Its key is made ahead of the edit, since it takes its time.
func (c *Components) createKey(ctx context.Context, author audit.Author, realmName string, made component.Component) error {
	made.SpellCurve()
	k, err := made.Key()
	if err != nil {
		return err
	}
	if err := keyring.Complete(k, realmName, author.Now); err != nil {
		return err
	}
	return c.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		if !ofRealm(d.Realm(), made.Parent) {
			return nil, errParent
		}
		kept, err := loadExtra(d, realm.KindRealm, d.Realm().Key)
		if err != nil {
			return nil, err
		}
		if err := freeID(d.Realm(), component.Read(d.Realm().ID(), kept), made.ID); err != nil {
			return nil, err
		}
		put := *k
		d.PutKey(&put)
		return recordKey(author, d, audit.Create, k.Key), nil
	})
}

// updateKey changes a key provider. Another size or curve asks for another key, which is made ahead of the
// edit.
func (c *Components) updateKey(ctx context.Context, author audit.Author, r *realm.Realm, id string, body keycloak.Object) error {
	stored := *r.KeyBy(id)
	var err error
	if stored.Extra, err = c.Store.Extra(ctx, r.Key, realm.KindKey, id); err != nil {
		return err
	}
	spare, err := changedKey(r.ID(), &stored, body)
	if err != nil {
		return err
	}
	renewed := len(spare.Private) == 0
	if renewed {
		if err := keyring.Complete(spare, r.Name, author.Now); err != nil {
			return err
		}
	}
	return c.Store.Edit(ctx, r.Name, func(d *realm.Draft) ([]event.Admin, error) {
		now := d.Realm().KeyBy(id)
		if now == nil {
			return nil, errNoComponent
		}
		with := *now
		if with.Extra, err = loadExtra(d, realm.KindKey, id); err != nil {
			return nil, err
		}
		k, err := changedKey(r.ID(), &with, body)
		if err != nil {
			return nil, err
		}
		if renewed && len(k.Private) == 0 && fits(spare, k) {
			k.Private, k.Kid, k.Certificate = spare.Private, spare.Kid, spare.Certificate
		}
		if err := keyring.Complete(k, r.Name, author.Now); err != nil {
			return nil, err
		}
		d.PutKey(k)
		return recordKey(author, d, audit.Update, id), nil
	})
}

// fits tells whether the key of a provider is one that another asks for.
func fits(spare, k *realm.KeyProvider) bool {
	return k.Kind == spare.Kind && (k.Size == 0 || k.Size == spare.Size) && (k.Curve == "" || k.Curve == spare.Curve)
}

// changedKey is a key provider with the changes that a body names; without its key where that does not
// fit any more.
func changedKey(realmKey string, k *realm.KeyProvider, body keycloak.Object) (*realm.KeyProvider, error) {
	before := component.OfKey(realmKey, k)
	after := before
	take(&after, body)
	if !component.Known(keycloak.KeyProviderType, after.Provider) {
		return nil, errProvider
	}
	after.ID, after.Type = before.ID, before.Type
	after.Renew(before)
	return after.Key()
}

// recordKey is the admin event of a change to a key provider, which shows no key.
func recordKey(author audit.Author, d *realm.Draft, operation, id string) []event.Admin {
	r := d.Realm()
	return author.Of(r, operation, resourceComponent, "components/"+id, component.OfKey(r.ID(), r.KeyBy(id)).Shown())
}
