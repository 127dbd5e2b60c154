package manage

import (
	"context"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
)

// Scopes changes client scopes.
type Scopes struct{ Store Documents }

// Create adds a client scope, and gives back its key. A name or id that is taken is a *fault.Conflict,
// what cannot be accepted a *fault.Invalid.
func (s *Scopes) Create(ctx context.Context, author audit.Author, realmName string, representation keycloak.Object) (key string, err error) {
	made, notes := keycloak.ToClientScope(representation)
	if err := keycloak.Refused(notes); err != nil {
		return "", err
	}
	if made.Key == "" {
		made.Key = author.NewID()
	}
	for i := range made.Mappers {
		m := &made.Mappers[i]
		if m.Key == "" {
			m.Key = author.NewID()
		}
		if err := complete(m, nil, author); err != nil {
			return "", err
		}
	}
	if checkUnique(made.Mappers) != nil {
		return "", scopeTaken(made.Name) // as Keycloak says it
	}
	err = s.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		if d.Realm().ScopeByKey(made.Key) != nil {
			return nil, scopeTaken(made.Name)
		}
		scope := *made
		if err := putScope(d, &scope); err != nil {
			return nil, err
		}
		return author.Of(d.Realm(), audit.Create, "CLIENT_SCOPE", "client-scopes/"+made.Key, representation), nil
	})
	return made.Key, err
}

// Update changes what the representation says of a client scope: see keycloak.MergeClientScope.
func (s *Scopes) Update(ctx context.Context, author audit.Author, realmName, key string, representation keycloak.Object) error {
	return s.edit(ctx, realmName, key, func(d *realm.Draft, scope *realm.ClientScope) ([]event.Admin, error) {
		with, notes := keycloak.MergeClientScope(scope, representation)
		if err := keycloak.Refused(notes); err != nil {
			return nil, err
		}
		if err := putScope(d, with); err != nil {
			return nil, err
		}
		return author.Of(d.Realm(), audit.Update, "CLIENT_SCOPE", "client-scopes/"+key, representation), nil
	})
}

// Delete removes a client scope from the realm and from the clients that have it. What users allowed of it
// leads nowhere from then on.
func (s *Scopes) Delete(ctx context.Context, author audit.Author, realmName, key string) error {
	return s.edit(ctx, realmName, key, func(d *realm.Draft, scope *realm.ClientScope) ([]event.Admin, error) {
		record := keycloak.FromClientScope(scope)
		dropScope(d, key)
		return author.Of(d.Realm(), audit.Delete, "CLIENT_SCOPE", "client-scopes/"+key, record), nil
	})
}

// edit changes a client scope; what change gets is a copy with Extra loaded.
func (s *Scopes) edit(ctx context.Context, realmName, key string, change func(*realm.Draft, *realm.ClientScope) ([]event.Admin, error)) error {
	return s.Store.Edit(ctx, realmName, func(d *realm.Draft) ([]event.Admin, error) {
		scope := d.Realm().ScopeByKey(key)
		if scope == nil {
			return nil, &fault.NotFound{Message: "Could not find client scope"}
		}
		with := *scope
		var err error
		if with.Extra, err = loadExtra(d, realm.KindScope, key); err != nil {
			return nil, err
		}
		return change(d, &with)
	})
}

// putScope checks a client scope and puts it into the draft.
func putScope(d *realm.Draft, scope *realm.ClientScope) error {
	if len([]rune(scope.Name)) > longestText {
		return &fault.Invalid{Field: "name", Message: "Client scope name is longer than 255 characters"}
	}
	if err := realm.CheckScope(scope); err != nil {
		return err
	}
	if err := checkDescription(scope.Extra); err != nil {
		return err
	}
	if other := d.Realm().Scope(scope.Name); other != nil && other.Key != scope.Key {
		return scopeTaken(scope.Name)
	}
	var before []realm.Mapper
	if old := d.Realm().ScopeByKey(scope.Key); old != nil {
		before = old.Mappers
	}
	if err := checkMappers(before, scope.Mappers); err != nil {
		return err
	}
	d.PutScope(scope)
	return nil
}

func scopeTaken(name string) error {
	return &fault.Conflict{Kind: "client scope", Field: "name", Message: "Client Scope " + name + " already exists"}
}

// dropScope removes a client scope, and takes it from the clients and from the realm's defaults.
func dropScope(d *realm.Draft, key string) {
	has := func(list []string) bool { return slices.Contains(list, key) }
	left := func(list []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(other string) bool { return other == key })
	}
	for _, c := range d.Realm().Clients() {
		if has(c.DefaultScopes) || has(c.OptionalScopes) {
			with := *c
			with.DefaultScopes, with.OptionalScopes = left(c.DefaultScopes), left(c.OptionalScopes)
			d.PutClient(&with)
		}
	}
	if s := d.Realm().Settings; has(s.DefaultScopes) || has(s.OptionalScopes) {
		s.DefaultScopes, s.OptionalScopes = left(s.DefaultScopes), left(s.OptionalScopes)
		d.PutSettings(s)
	}
	d.Delete(realm.KindScope, key)
}
