package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// Realm is the current configuration of a realm, by its name; fault.ErrNotFound.
func (s *Store) Realm(ctx context.Context, name string) (*realm.Realm, error) {
	if h := s.realms.named(name); h != nil {
		r, err := s.current(ctx, h)
		if err == nil && r.Name == name {
			return r, nil
		}
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return nil, fmt.Errorf("load realm %q: %w", name, err)
		}
	}
	var key string // it is not in memory, or it was renamed or deleted
	err := s.found(s.db.One(ctx, `SELECT id FROM realm WHERE name = $1 AND hidden = 0`, []any{name}, &key))
	if err != nil {
		return nil, fmt.Errorf("load realm %q: %w", name, err)
	}
	return s.RealmByKey(ctx, key)
}

// RealmByKey is the current configuration of a realm, by its key; fault.ErrNotFound.
func (s *Store) RealmByKey(ctx context.Context, key string) (*realm.Realm, error) {
	h := s.realms.known(key)
	if h == nil {
		err := s.found(s.db.One(ctx, `SELECT id FROM realm WHERE id = $1 AND hidden = 0`, []any{key}, &key))
		if err != nil {
			return nil, fmt.Errorf("load realm %s: %w", key, err)
		}
		h = s.realms.of(key)
	}
	r, err := s.current(ctx, h)
	if err != nil {
		return nil, fmt.Errorf("load realm %s: %w", key, err)
	}
	return r, nil
}

// Latest is RealmByKey with everything that was committed before it was called, on whichever node.
func (s *Store) Latest(ctx context.Context, key string) (*realm.Realm, error) {
	if s.db.Shared() {
		began := s.tail.clock()
		if err := s.catchUp(ctx, func() bool { return s.tail.asOf.Load() >= began }); err != nil {
			return nil, fmt.Errorf("load realm %s: %w", key, err)
		}
	}
	return s.RealmByKey(ctx, key)
}

// RealmNames are the names of all realms, ordered.
func (s *Store) RealmNames(ctx context.Context) ([]string, error) {
	var names []string
	err := s.db.Each(ctx, `SELECT name FROM realm WHERE hidden = 0`, nil, func(scan engine.Scan) error {
		var name string
		err := scan(&name)
		names = append(names, name)
		return err
	})
	slices.Sort(names) // databases order texts by their locale
	return names, err
}
