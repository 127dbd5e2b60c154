package manage

import (
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// trail makes the admin events of one change.
type trail struct {
	actor event.Actor
	now   time.Time
	newID func() string
}

// of is the event of a change to what the path names.
func (t trail) of(r *realm.Realm, operation, resource, path string, representation keycloak.Object) []event.Admin {
	a := audit.Author{Actor: t.actor, Now: t.now, NewID: t.newID}
	if representation == nil {
		return a.Of(r, operation, resource, path, nil)
	}
	return a.Of(r, operation, resource, path, representation)
}
