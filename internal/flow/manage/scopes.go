package manage

import (
	"context"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Scopes changes client scopes.
type Scopes struct {
	Store Documents
	Now   func() time.Time
	NewID func() string
}

// Create adds a client scope and gives back its key. ErrConflict where the name is taken.
func (s *Scopes) Create(ctx context.Context, actor event.Actor, realmName string, scope realm.ClientScope) (key string, err error) {
	if scope.Key == "" {
		scope.Key = s.NewID()
	}
	if scope.Extra == nil {
		scope.Extra = realm.Extra{}
	}
	for i := range scope.Mappers {
		if scope.Mappers[i].Key == "" {
			scope.Mappers[i].Key = s.NewID()
		}
	}
	err = s.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		if d.Realm().Scope(scope.Name) != nil || d.Realm().ScopeByKey(scope.Key) != nil {
			return nil, fault.ErrConflict
		}
		put := scope
		return s.put(d, actor, "CREATE", &put)
	})
	return scope.Key, err
}

// AddMapper gives a client scope a protocol mapper; a mapper without key gets one.
func (s *Scopes) AddMapper(ctx context.Context, actor event.Actor, realmName, key string, m realm.Mapper) error {
	return s.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		scope := d.Realm().ScopeByKey(key)
		if scope == nil {
			return nil, fault.ErrNotFound
		}
		with := *scope
		var err error
		if with.Extra, err = loadExtra(d, realm.KindScope, key); err != nil {
			return nil, err
		}
		if with.Mappers, err = withMapper(scope.Mappers, m, s.NewID); err != nil {
			return nil, err
		}
		return s.put(d, actor, "UPDATE", &with)
	})
}

func (s *Scopes) put(d *realm.Draft, actor event.Actor, operation string, scope *realm.ClientScope) ([]event.Admin, error) {
	var before []realm.Mapper
	if old := d.Realm().ScopeByKey(scope.Key); old != nil {
		before = old.Mappers
	}
	if err := checkMappers(before, scope.Mappers); err != nil {
		return nil, err
	}
	d.PutScope(scope)
	if err := d.Validate(); err != nil {
		return nil, err
	}
	t := trail{actor, s.Now(), s.NewID}
	return t.of(d.Realm(), operation, "CLIENT_SCOPE", "client-scopes/"+scope.Key, keycloak.FromClientScope(scope)), nil
}
