// Package manage changes configuration and users, and records each change as an admin event in the
// transaction that makes it.
package manage

import (
	"context"
	"errors"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// Realms creates, changes, imports, exports and deletes realms.
type Realms struct {
	Store Store
	Now   func() time.Time
	NewID func() string // UUIDs

	// Env looks up the ${NAME:default} placeholders of imported files; nil leaves them as they are.
	Env func(name string) (string, bool)

	demanding bool          // passwords of imported users have to meet the realm's policy
	secret    func() string // makes secrets for clients that bring none; newSecret where nil
}

// master is the realm whose administrators administrate all realms.
const master = realm.Master

// Delete removes a realm with all that it holds, and its management client in the master realm. The
// master realm itself stays. The event belongs to the realm that the author signed in at.
func (m *Realms) Delete(ctx context.Context, author audit.Author, name string) error {
	if name == master {
		return &fault.Invalid{Message: "Can't delete master realm"}
	}
	r, err := m.Store.Realm(ctx, name)
	if err != nil {
		return err
	}
	record, err := m.recordOf(ctx, author, r)
	if err != nil {
		return err
	}
	// The management client goes first: were it left behind, its roles would be rights in the next realm of the name.
	if err := m.editMaster(ctx, func(d *realm.Draft) { realmfile.DropManagement(d, name) }); err != nil {
		return err
	}
	err = m.Store.DeleteRealm(ctx, name, author.Of(record, audit.Delete, realmResource, name, named(r)))
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return errors.Join(err, m.editMaster(ctx, func(d *realm.Draft) { realmfile.AddManagement(d, name, m.NewID) }))
	}
	return err
}

// The resource type of a realm's own admin events.
const realmResource = "REALM"

// named is the representation of a realm that is going away.
func named(r *realm.Realm) keycloak.Object {
	o := keycloak.Object{}
	o.Put("id", r.Key)
	o.Put("realm", r.Name)
	return o
}

// recordOf is the realm whose events tell that r is made or deleted: the one that the author signed in at;
// the master realm where that is r itself, or where it is not known. r where there is neither.
func (m *Realms) recordOf(ctx context.Context, author audit.Author, r *realm.Realm) (*realm.Realm, error) {
	if author.Actor.Realm != "" && author.Actor.Realm != r.Key {
		record, err := m.Store.RealmByKey(ctx, author.Actor.Realm)
		if !errors.Is(err, fault.ErrNotFound) {
			return record, err
		}
	}
	record, err := m.Store.Realm(ctx, master)
	if errors.Is(err, fault.ErrNotFound) {
		return r, nil
	}
	return record, err
}

// editMaster changes the master realm, where there is one.
func (m *Realms) editMaster(ctx context.Context, edit func(*realm.Draft)) error {
	err := m.Store.Edit(ctx, master, func(d *realm.Draft) ([]event.Admin, error) {
		edit(d)
		return nil, nil
	})
	if errors.Is(err, fault.ErrNotFound) {
		return nil
	}
	return err
}

func (m *Realms) options() realmfile.Options {
	o := realmfile.Options{Now: m.Now(), NewID: m.NewID, NewSecret: newSecret}
	if m.secret != nil {
		o.NewSecret = m.secret
	}
	return o
}

// problems makes what is wrong with a document a *fault.Invalid.
func problems(err error) error {
	var p *keycloak.Problem
	if errors.As(err, &p) {
		return &fault.Invalid{Field: p.Path, Message: p.Text}
	}
	return err
}
