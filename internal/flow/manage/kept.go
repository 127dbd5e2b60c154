package manage

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// editKept changes what a realm keeps of its representation without acting on it: authentication flows,
// components, client policies and the like. What edit leaves in kept is stored, with the admin events
// that it gives, in one transaction; an error stores nothing. The edit may run again.
func editKept(ctx context.Context, store Documents, realmName string, edit func(r *realm.Realm, kept realm.Extra) ([]event.Admin, error)) error {
	return store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		return changeKept(d, edit)
	})
}

// changeKept is editKept within an edit that changes other things too.
func changeKept(d *realm.Draft, edit func(r *realm.Realm, kept realm.Extra) ([]event.Admin, error)) (audit []event.Admin, err error) {
	err = d.EditKept(func(kept realm.Extra) (err error) {
		audit, err = edit(d.Realm(), kept)
		return err
	})
	return audit, err
}
