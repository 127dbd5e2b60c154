package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
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
	err := s.found(s.db.One(ctx, `SELECT id FROM realm WHERE name = $1`, []any{name}, &key))
	if err != nil {
		return nil, fmt.Errorf("load realm %q: %w", name, err)
	}
	return s.RealmByKey(ctx, key)
}

// RealmByKey is the current configuration of a realm, by its key; fault.ErrNotFound.
func (s *Store) RealmByKey(ctx context.Context, key string) (*realm.Realm, error) {
	h := s.realms.known(key)
	if h == nil {
		err := s.found(s.db.One(ctx, `SELECT id FROM realm WHERE id = $1`, []any{key}, &key))
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

// RealmNames are the names of all realms, ordered.
func (s *Store) RealmNames(ctx context.Context) ([]string, error) {
	var names []string
	err := s.db.Each(ctx, `SELECT name FROM realm`, nil, func(scan engine.Scan) error {
		var name string
		err := scan(&name)
		names = append(names, name)
		return err
	})
	slices.Sort(names) // databases order texts by their locale
	return names, err
}

// CreateRealm makes a realm with its groups and users in one transaction; users may be nil.
// fault.ErrConflict where the name or the key is taken, unless by the realm that the draft
// replaces; an error that users yields. With SQLite other writers wait meanwhile.
func (s *Store) CreateRealm(ctx context.Context, d *realm.Draft, groups []*realm.Group, users iter.Seq2[user.Account, error], audit []event.Admin) error {
	r := d.Realm()
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		var news []notice
		if d.Replaces != "" {
			removed, err := s.removeRealm(ctx, tx, d.Replaces)
			if err != nil && !errors.Is(err, fault.ErrNotFound) {
				return err
			}
			news = removed
		}
		version, err := s.firstVersion(ctx, tx, r.Key, news)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO realm (id, name, version) VALUES ($1, $2, $3)`, r.Key, r.Name, version); err != nil {
			return err
		}
		if err := s.writeChanges(ctx, tx, r.Key, version, d.Changes()); err != nil {
			return err
		}
		if err := s.importGroups(ctx, tx, r.Key, groups); err != nil {
			return err
		}
		if users != nil {
			if err := s.importUsers(ctx, tx, r.Key, users); err != nil {
				return err
			}
		}
		return tx.Send(ctx, append(adminStatements(audit), s.announce(news...)...))
	})
	if err != nil {
		return fmt.Errorf("create realm %q: %w", r.Name, s.taken(ctx, err, r.Key, d.Changes()))
	}
	return nil
}

// firstVersion is the version that a realm begins with: the time, and more than it ever had, so that
// nobody takes a snapshot of a realm that was deleted for one of the realm that took its place.
func (s *Store) firstVersion(ctx context.Context, tx engine.Tx, key string, removed []notice) (int64, error) {
	var before int64
	err := tx.One(ctx, `SELECT COALESCE(MAX(version), 0) FROM invalidation WHERE realm = $1`, []any{key}, &before)
	if h := s.realms.known(key); h != nil {
		before = max(before, h.latest.Load())
	}
	for _, n := range removed {
		before = max(before, n.version)
	}
	return max(s.now().UnixMicro(), before+1), err
}

// DeleteRealm removes a realm and all that is in it, its events too; fault.ErrNotFound. The admin
// events tell of it in whichever realm they name.
func (s *Store) DeleteRealm(ctx context.Context, name string, audit []event.Admin) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		var key string
		if err := tx.One(ctx, `SELECT id FROM realm WHERE name = $1`, []any{name}, &key); err != nil {
			return s.found(err)
		}
		news, err := s.removeRealm(ctx, tx, key)
		if err != nil {
			return err
		}
		return tx.Send(ctx, append(adminStatements(audit), s.announce(news...)...))
	})
	if err != nil {
		return fmt.Errorf("delete realm %q: %w", name, err)
	}
	return nil
}

// removeRealm deletes a realm's rows, and gives the news of it. The rows of configuration, users and
// groups go with the realm's.
func (s *Store) removeRealm(ctx context.Context, tx engine.Tx, key string) ([]notice, error) {
	var version int64
	err := tx.One(ctx, `DELETE FROM realm WHERE id = $1 RETURNING version`, []any{key}, &version)
	if err != nil {
		return nil, s.found(err)
	}
	var batch []engine.Statement
	for _, table := range []string{"session", "revoked", "used_once", "event", "admin_event"} {
		batch = append(batch, engine.Statement{SQL: `DELETE FROM ` + table + ` WHERE realm = $1`, Args: []any{key}})
	}
	tx.Committed(func() { s.forgetRealm(key, version+1) })
	return []notice{{realm: key, kind: kindGone, id: key, version: version + 1}}, tx.Send(ctx, batch)
}

// forgetRealm drops what is in memory of a realm that was deleted. It is rare, and caches are not
// searched by realm: they are emptied.
func (s *Store) forgetRealm(key string, version int64) {
	s.realms.of(key).heard(version)
	s.users.clear()
	s.names.clear()
	s.sessions.clear()
}
