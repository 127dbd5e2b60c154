package manage

import (
	"context"
	"errors"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// AddDefaultGroup lets new users of a realm join a group; one that they join already stays.
func (m *Realms) AddDefaultGroup(ctx context.Context, author audit.Author, name, group string) error {
	return m.changeDefaultGroups(ctx, author, name, group, audit.Create, func(keys []string) []string {
		return append(slices.Clone(keys), group)
	})
}

// DropDefaultGroup ends that new users of a realm join a group. Nothing happens where they do not.
func (m *Realms) DropDefaultGroup(ctx context.Context, author audit.Author, name, group string) error {
	return m.changeDefaultGroups(ctx, author, name, group, audit.Delete, func(keys []string) []string {
		return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return key == group })
	})
}

func (m *Realms) changeDefaultGroups(ctx context.Context, author audit.Author, name, group, operation string, change func([]string) []string) error {
	r, err := m.Store.Realm(ctx, name)
	if err != nil {
		return err
	}
	switch _, err := m.Store.Group(ctx, r.Key, group); {
	case errors.Is(err, fault.ErrNotFound):
		return &fault.NotFound{Message: "Group not found"}
	case err != nil:
		return err
	}
	return m.Store.Edit(ctx, name, func(d *realm.Draft) ([]event.Admin, error) {
		s := d.Realm().Settings
		if slices.Contains(s.DefaultGroups, group) == (operation == audit.Create) {
			return nil, nil
		}
		s.DefaultGroups = change(s.DefaultGroups)
		d.PutSettings(s)
		return author.Of(d.Realm(), operation, "GROUP", "default-groups/"+group, nil), nil
	})
}

// AddDefaultScope gives a client scope to clients that are made from now on. fault.ErrConflict where they
// get it already, either way.
func (m *Realms) AddDefaultScope(ctx context.Context, author audit.Author, name, scope string, as Assignment) error {
	return m.changeDefaultScopes(ctx, author, name, scope, as, func(s *realm.Settings, list *[]string) (operation string, err error) {
		if slices.Contains(s.DefaultScopes, scope) || slices.Contains(s.OptionalScopes, scope) {
			return "", &fault.Conflict{Kind: "client scope", Field: "id"}
		}
		*list = append(slices.Clone(*list), scope)
		return audit.Create, nil
	})
}

// DropDefaultScope ends that new clients get a client scope, either way: Keycloak does not ask which. Nothing
// happens where they do not.
func (m *Realms) DropDefaultScope(ctx context.Context, author audit.Author, name, scope string, as Assignment) error {
	return m.changeDefaultScopes(ctx, author, name, scope, as, func(s *realm.Settings, _ *[]string) (operation string, err error) {
		if !slices.Contains(s.DefaultScopes, scope) && !slices.Contains(s.OptionalScopes, scope) {
			return "", nil
		}
		other := func(key string) bool { return key == scope }
		s.DefaultScopes = slices.DeleteFunc(slices.Clone(s.DefaultScopes), other)
		s.OptionalScopes = slices.DeleteFunc(slices.Clone(s.OptionalScopes), other)
		return audit.Delete, nil
	})
}

// changeDefaultScopes changes which client scopes new clients get. An operation that is empty changed
// nothing.
func (m *Realms) changeDefaultScopes(ctx context.Context, author audit.Author, name, scope string, as Assignment,
	change func(s *realm.Settings, list *[]string) (operation string, err error)) error {
	return m.Store.Edit(ctx, name, func(d *realm.Draft) ([]event.Admin, error) {
		if d.Realm().ScopeByKey(scope) == nil {
			return nil, &fault.NotFound{Message: "Client scope not found"}
		}
		s := d.Realm().Settings
		list, path := &s.DefaultScopes, "default-default-client-scopes/"
		if as == Optional {
			list, path = &s.OptionalScopes, "default-optional-client-scopes/"
		}
		operation, err := change(&s, list)
		if err != nil || operation == "" {
			return nil, err
		}
		d.PutSettings(s)
		return author.Of(d.Realm(), operation, "CLIENT_SCOPE", path+scope, nil), nil
	})
}

// SetEvents changes which events a realm keeps. Of what the representation leaves out, whether events are
// kept at all is switched off, and for how long becomes for ever; the rest stays.
func (m *Realms) SetEvents(ctx context.Context, author audit.Author, name string, put keycloak.Object) error {
	for _, listener := range keycloak.Value[[]string](put, "eventsListeners") {
		if !slices.Contains(listeners, listener) {
			return &fault.Refused{Message: "Unknown event listener"}
		}
	}
	return m.Store.Edit(ctx, name, func(d *realm.Draft) ([]event.Admin, error) {
		now := *d.Realm()
		var err error
		if now.Extra, err = loadExtra(d, realm.KindRealm, now.Key); err != nil {
			return nil, err
		}
		change := keycloak.Object{}
		change.Put("eventsEnabled", false)
		change.Put("eventsExpiration", 0)
		for _, member := range []string{"eventsEnabled", "eventsExpiration", "eventsListeners", "enabledEventTypes", "adminEventsEnabled", "adminEventsDetailsEnabled"} {
			if put.Has(member) {
				change[member] = put[member]
			}
		}
		for _, member := range []string{"eventsListeners", "enabledEventTypes"} {
			if list := keycloak.Value[[]string](put, member); list != nil {
				change.Put(member, realm.WithKeys([]string{}, list))
			}
		}
		settings, err := keycloak.MergeSettings(&now, change)
		if err != nil {
			return nil, err
		}
		d.PutSettings(settings)
		return author.Of(d.Realm(), audit.Update, realmResource, "events/config", put), nil
	})
}

// listeners are the event listeners that a realm may name. Keycloak's log is ours; no mail is sent of events.
var listeners = []string{"jboss-logging", "email"}
