// Package events is what administrators read of what happened in a realm, and how they clear it.
package events

import (
	"context"
	"net/http"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/permit"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// Deps is what the routes call. All fields are required.
type Deps struct {
	Events Events
}

// Events are what the store keeps of events.
type Events interface {
	Events(ctx context.Context, realmKey string, q event.Query, first, max int) ([]event.Event, error)
	ClearEvents(ctx context.Context, realmKey string) error
	AdminEvents(ctx context.Context, realmKey string, q event.AdminQuery, first, max int) ([]event.Admin, error)
	ClearAdminEvents(ctx context.Context, realmKey string) error
}

// mostByDefault is how many events are listed where the caller does not say.
const mostByDefault = 100

// Routes are the addresses of events.
func Routes(d Deps) []rest.Route {
	return []rest.Route{
		{Method: http.MethodGet, Path: "/events", Need: permit.ToViewEvents, Handle: d.list},
		{Method: http.MethodDelete, Path: "/events", Need: permit.ToManageEvents, Handle: d.clear},
		{Method: http.MethodGet, Path: "/admin-events", Need: permit.ToViewEvents, Handle: d.listAdmin},
		{Method: http.MethodDelete, Path: "/admin-events", Need: permit.ToManageEvents, Handle: d.clearAdmin},
	}
}

func (d Deps) list(w http.ResponseWriter, r *rest.Request) error {
	q, err := query(r)
	if err != nil {
		return err
	}
	page, err := r.Page(mostByDefault)
	if err != nil {
		return err
	}
	found, err := d.Events.Events(r.Context(), r.Realm.Key, q, page.First, page.Max)
	if err != nil {
		return err
	}
	out := make([]representation, len(found))
	for i := range found {
		out[i] = represent(&found[i], r.Realm)
	}
	return rest.JSON(w, out)
}

func (d Deps) clear(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Events.ClearEvents(r.Context(), r.Realm.Key))
}

func (d Deps) listAdmin(w http.ResponseWriter, r *rest.Request) error {
	q, err := adminQuery(r)
	if err != nil {
		return err
	}
	page, err := r.Page(mostByDefault)
	if err != nil {
		return err
	}
	found, err := d.Events.AdminEvents(r.Context(), r.Realm.Key, q, page.First, page.Max)
	if err != nil {
		return err
	}
	out := make([]adminRepresentation, len(found))
	for i := range found {
		out[i] = representAdmin(&found[i], r.Realm)
	}
	return rest.JSON(w, out)
}

func (d Deps) clearAdmin(w http.ResponseWriter, r *rest.Request) error {
	return rest.Done(w, d.Events.ClearAdminEvents(r.Context(), r.Realm.Key))
}
