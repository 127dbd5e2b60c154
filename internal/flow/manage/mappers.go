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

// Mappers changes the protocol mappers of clients and of client scopes.
type Mappers struct{ Store Documents }

// Add gives the owner a mapper, and gives back the mapper's key. A name or id that is taken is a
// *fault.Conflict, settings that cannot be accepted are a *fault.Invalid.
func (m *Mappers) Add(ctx context.Context, author audit.Author, owner Owner, representation keycloak.Object) (key string, err error) {
	mapper := keycloak.ToMapper(representation)
	if mapper.Key == "" {
		mapper.Key = author.NewID()
	}
	err = m.change(ctx, author, owner, audit.Create, "models/"+mapper.Key, mapperRecord(representation), func(b belongings) (err error) {
		*b.mappers, err = m.with(b, author, mapper)
		return err
	})
	return mapper.Key, err
}

// AddAll gives the owner several mappers, or none where one cannot be accepted; as Add.
func (m *Mappers) AddAll(ctx context.Context, author audit.Author, owner Owner, representations []keycloak.Object) error {
	var records []keycloak.Object
	for _, o := range representations {
		records = append(records, mapperRecord(o))
	}
	return m.change(ctx, author, owner, audit.Create, "add-models", records, func(b belongings) (err error) {
		for _, o := range representations {
			if *b.mappers, err = m.with(b, author, keycloak.ToMapper(o)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Update gives a mapper the kind and the settings of the representation: see keycloak.MergeMapper.
func (m *Mappers) Update(ctx context.Context, author audit.Author, owner Owner, key string, representation keycloak.Object) error {
	return m.change(ctx, author, owner, audit.Update, "models/"+key, mapperRecord(representation), func(b belongings) error {
		at, err := position(*b.mappers, key)
		if err != nil {
			return err
		}
		with := keycloak.MergeMapper((*b.mappers)[at], representation)
		if err := complete(&with, b.client, author); err != nil {
			return err
		}
		list := slices.Clone(*b.mappers)
		list[at] = with
		*b.mappers = list
		return nil
	})
}

// Remove takes a mapper from the owner.
func (m *Mappers) Remove(ctx context.Context, author audit.Author, owner Owner, key string) error {
	return m.change(ctx, author, owner, audit.Delete, "models/"+key, nil, func(b belongings) error {
		at, err := position(*b.mappers, key)
		if err != nil {
			return err
		}
		*b.mappers = slices.Delete(slices.Clone(*b.mappers), at, at+1)
		return nil
	})
}

// change edits the owner's mappers, with one admin event.
func (m *Mappers) change(ctx context.Context, author audit.Author, owner Owner, operation, path string, record any, change func(belongings) error) error {
	return m.Store.Edit(ctx, owner.Realm, func(d *realm.Draft) ([]event.Admin, error) {
		err := owner.edit(d, func(b belongings) error {
			before := *b.mappers
			if err := change(b); err != nil {
				return err
			}
			return checkMappers(before, *b.mappers)
		})
		if err != nil {
			return nil, err
		}
		return author.Of(d.Realm(), operation, "PROTOCOL_MAPPER", owner.Path+"/protocol-mappers/"+path, record), nil
	})
}

func (m *Mappers) with(b belongings, author audit.Author, mapper realm.Mapper) ([]realm.Mapper, error) {
	if err := complete(&mapper, b.client, author); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(*b.mappers, func(other realm.Mapper) bool { return other.Key == mapper.Key }) {
		return nil, &fault.Conflict{Kind: "protocol mapper", Field: "id"}
	}
	return withMapper(*b.mappers, mapper, author.NewID)
}

// position is where the mapper with this key stands.
func position(list []realm.Mapper, key string) (int, error) {
	at := slices.IndexFunc(list, func(m realm.Mapper) bool { return m.Key == key })
	if at < 0 {
		return 0, &fault.NotFound{Message: "Model not found"}
	}
	return at, nil
}

// mapperRecord is the representation of a mapper as its admin event keeps it.
func mapperRecord(representation keycloak.Object) keycloak.Object {
	o := keycloak.Object{}
	o.Put("consentRequired", false)
	for name, value := range representation {
		o[name] = value
	}
	return o
}
