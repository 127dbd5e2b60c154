package store

import (
	"context"
	"fmt"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// DeleteRealm removes a realm and all that is in it, its events too; fault.ErrNotFound. Nobody finds it
// from then on; of a large one most rows go afterwards, some at a time. The admin events tell of it in
// whichever realm they name.
func (s *Store) DeleteRealm(ctx context.Context, name string, audit []event.Admin) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		var key string
		if err := tx.One(ctx, `SELECT id FROM realm WHERE name = $1 AND hidden = 0`, []any{name}, &key); err != nil {
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

// gone is in the column hidden of a realm whose rows are to go.
const gone = -1

// nameOfHidden is in the columns that must be unique while a realm is hidden.
func nameOfHidden(key string) string { return "/" + key }

// removeRealm hides a realm, deletes its rows if they are few, and gives the news of it.
func (s *Store) removeRealm(ctx context.Context, tx engine.Tx, key string) ([]notice, error) {
	var version int64
	err := tx.One(ctx, `UPDATE realm SET hidden = $2, name = $3, public = $3, version = version + 1 WHERE id = $1 AND hidden = 0 RETURNING version`,
		[]any{key, int64(gone), nameOfHidden(key)}, &version)
	if err != nil {
		return nil, s.found(err)
	}
	all, err := s.buryRows(ctx, tx, key)
	if err != nil {
		return nil, err
	}
	tx.Committed(func() {
		s.forgetRealm(key, version)
		if !all {
			s.wakeBurier()
		}
	})
	return []notice{{realm: key, kind: kindGone, id: key, version: version}}, nil
}

// forgetRealm drops what is in memory of a realm that was deleted. It is rare, and caches are not
// searched by realm: they are emptied.
func (s *Store) forgetRealm(key string, version int64) {
	s.realms.of(key).heard(version)
	s.users.clear()
	s.names.clear()
	s.sessions.clear()
}

// doom gives up a realm that is still hidden.
func (s *Store) doom(ctx context.Context, key string) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE realm SET hidden = $2 WHERE id = $1 AND hidden > 0`, key, int64(gone))
		return err
	})
	s.wakeBurier()
	return err
}

// abandon dooms the imports that were under way when the database was closed. Where other nodes share it,
// only those that have long given no sign of life.
func (s *Store) abandon(ctx context.Context) error {
	before := s.now().Add(-sweepSlack)
	if !s.db.Shared() {
		before = s.now().Add(time.Second)
	}
	s.wakeBurier()
	return s.db.Change(ctx, func(tx engine.Tx) error { return doomBefore(ctx, tx, before) })
}

func doomBefore(ctx context.Context, tx engine.Tx, before time.Time) error {
	_, err := tx.Exec(ctx, `UPDATE realm SET hidden = $2 WHERE hidden > 0 AND hidden < $1`, before.UnixMicro(), int64(gone))
	return err
}

// bury removes the rows of doomed realms, until ctx ends.
func (s *Store) bury(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.doomed:
		}
		if err := s.buryAll(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("rows of deleted realms cannot be removed; sweeping will", "error", err)
		}
	}
}

func (s *Store) wakeBurier() {
	select {
	case s.doomed <- struct{}{}:
	default: // it is awake
	}
}

// sweepHidden removes realms that are doomed, and those whose import gave no sign of life since then.
func (s *Store) sweepHidden(ctx context.Context, before time.Time) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error { return doomBefore(ctx, tx, before) })
	if err != nil {
		return err
	}
	return s.buryAll(ctx)
}

func (s *Store) buryAll(ctx context.Context) error {
	var keys []string
	err := s.db.Each(ctx, `SELECT id FROM realm WHERE hidden = $1`, []any{int64(gone)}, func(scan engine.Scan) error {
		var key string
		err := scan(&key)
		keys = append(keys, key)
		return err
	})
	if err != nil {
		return err
	}
	for _, key := range keys {
		for all := false; !all; {
			err := s.db.Change(ctx, func(tx engine.Tx) (err error) {
				all, err = s.buryRows(ctx, tx, key)
				return err
			})
			if err != nil {
				return fmt.Errorf("remove rows of realm %s: %w", key, err)
			}
		}
	}
	return nil
}

// spadeful is how many rows go in one transaction; with a user go those that belong to them.
const spadeful = 300

const searchTable = "user_search"

// ofRealm are the tables of what is in a realm, and how they tell rows apart.
var ofRealm = []struct{ table, id string }{
	{"users", "id"},
	{"config", "kind, id"},
	{"realm_group", "id"},
	{"session", "id, offline"},
	{"revoked", "jti"},
	{"used_once", "purpose, value"},
	{"rate_share", "who"},
	{"login", "id"},
	{"code", "hash"},
	{"pushed", "hash"},
	{"device", "hash"},
	{"event", "at, id"},
	{"admin_event", "at, id"},
	{"decision_log", "node, seq"},
	{"decision_head", "node, seq"},
	{"decision_chain", "node"},
	{"initial_access", "id"},
	{"failures", "user_id"},
	{"user_facet", "facet, user_id"},
	{"user_range", "low"},
	{"user_digest", "low"}, // after its range, without which none is made
	{searchTable, "username"},
}

// buryRows deletes some rows of a hidden realm, and tells whether that were all; then the realm's row is
// gone too.
func (s *Store) buryRows(ctx context.Context, tx engine.Tx, key string) (all bool, err error) {
	room := int64(spadeful)
	for _, t := range ofRealm {
		if t.table == searchTable {
			if err := tx.Send(ctx, s.index.bury(key, room)); err != nil {
				return false, err
			}
		}
		n, err := tx.Exec(ctx, `DELETE FROM `+t.table+` WHERE (realm, `+t.id+`) IN
			(SELECT realm, `+t.id+` FROM `+t.table+` WHERE realm = $1 ORDER BY `+t.id+` LIMIT $2)`, key, room)
		if err != nil {
			return false, err
		}
		if room -= n; room <= 0 {
			return false, nil
		}
	}
	_, err = tx.Exec(ctx, `DELETE FROM realm WHERE id = $1 AND hidden = $2`, key, int64(gone))
	return err == nil, err
}
