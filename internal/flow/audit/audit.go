// Package audit makes the admin events of changes: who changed what, when, and into what.
package audit

import (
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

// Author is who makes a change, and when. One request has one Author.
type Author struct {
	Actor event.Actor
	Base  string // the server's URL as the caller reaches it
	Now   time.Time
	NewID func() string // UUIDs, of events and of what is made
}

// The operations of admin events.
const (
	Create = "CREATE"
	Update = "UPDATE"
	Delete = "DELETE"
	Action = "ACTION"
)

// Of is the event of a change to what path names below the realm, as "clients/<key>"; none in a realm
// that does not record them. The representation, anything that encodes to JSON or nil, is kept where
// the realm keeps details, without its secrets.
func (a Author) Of(r *realm.Realm, operation, resource, path string, representation any) []event.Admin {
	if !r.Events.Admin {
		return nil
	}
	e := event.Admin{ID: a.NewID(), Time: a.Now, Realm: r.Key, Operation: operation, ResourceType: resource, ResourcePath: path, Actor: a.Actor}
	if r.Events.AdminDetails && representation != nil {
		e.Representation = Redacted(representation)
	}
	return []event.Admin{e}
}
