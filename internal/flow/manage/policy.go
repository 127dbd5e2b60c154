package manage

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/clientpolicy"
)

// Policies changes client profiles and client policies.
type Policies struct {
	Store Documents
}

// SetProfiles replaces the client profiles of a realm by those of a body. Policies that name one that
// is gone stay as they are, and demand nothing by it.
func (p *Policies) SetProfiles(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) error {
	return p.edit(ctx, realmName, func(r *realm.Realm, kept realm.Extra) ([]event.Admin, error) {
		err := clientpolicy.KeepProfiles(kept, keycloak.Value[[]clientpolicy.Profile](body, "profiles"))
		return author.Of(r, audit.Update, "REALM", "client-policies/profiles", body), err
	})
}

// SetPolicies replaces the client policies of a realm by those of a body.
func (p *Policies) SetPolicies(ctx context.Context, author audit.Author, realmName string, body keycloak.Object) error {
	return p.edit(ctx, realmName, func(r *realm.Realm, kept realm.Extra) ([]event.Admin, error) {
		err := clientpolicy.KeepPolicies(kept, keycloak.Value[[]clientpolicy.Policy](body, "policies"))
		return author.Of(r, audit.Update, "REALM", "client-policies/policies", body), err
	})
}

// Read makes a realm act on the client policies that it keeps, where a former version kept them only.
func (p *Policies) Read(ctx context.Context, r *realm.Realm) error {
	kept, err := p.Store.Extra(ctx, r.Key, realm.KindRealm, r.Key)
	if err != nil || len(r.Policies) > 0 || len(clientpolicy.Active(kept)) == 0 {
		return err
	}
	return p.edit(ctx, r.Name, func(*realm.Realm, realm.Extra) ([]event.Admin, error) { return nil, nil })
}

// edit changes what is kept, and with it what requests are held against from then on.
func (p *Policies) edit(ctx context.Context, realmName string, edit func(r *realm.Realm, kept realm.Extra) ([]event.Admin, error)) error {
	return p.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		record, err := changeKept(d, edit)
		if err != nil {
			return nil, err
		}
		settings := d.Realm().Settings
		settings.Policies = clientpolicy.Active(settings.Extra)
		d.PutSettings(settings)
		return record, nil
	})
}
