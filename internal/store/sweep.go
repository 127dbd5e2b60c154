package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// sweepSlack is how long expired rows are left alone, for the clocks of nodes that differ. Expired
// sessions and values are refused by their times; sweeping only makes room.
const sweepSlack = 10 * time.Minute

// Sweep deletes what has expired: sessions by their realm's lifespans, events and the decision log by its retention,
// revocations and one-time values by their own time, and realms that were deleted or whose import ended
// before its end. Rows go a thousand at a time, so that writers
// wait little. Several nodes may sweep at once.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	now = now.Add(-sweepSlack)
	if err := s.sweepHidden(ctx, now); err != nil {
		return fmt.Errorf("sweep realms: %w", err)
	}
	all, err := s.allSettings(ctx)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	for key, settings := range all {
		if err := s.sweepRealm(ctx, key, settings, now); err != nil {
			return fmt.Errorf("sweep realm %q: %w", settings.Name, err)
		}
	}
	if err := s.sweepRevoked(ctx, now); err != nil {
		return fmt.Errorf("sweep revocations: %w", err)
	}
	err = s.sweepRows(ctx, `DELETE FROM used_once WHERE (realm, purpose, value) IN
		(SELECT realm, purpose, value FROM used_once WHERE until < $1 LIMIT 1000)`, now.UnixMicro())
	if err != nil {
		return fmt.Errorf("sweep one-time values: %w", err)
	}
	err = s.sweepRows(ctx, `DELETE FROM rate_share WHERE (realm, who) IN
		(SELECT realm, who FROM rate_share WHERE until < $1 LIMIT 1000)`, now.UnixMicro())
	if err != nil {
		return fmt.Errorf("sweep counted requests: %w", err)
	}
	if err := s.sweepLogins(ctx, now); err != nil {
		return fmt.Errorf("sweep sign-ins: %w", err)
	}
	err = s.sweepRows(ctx, `DELETE FROM invalidation WHERE seq IN
		(SELECT seq FROM invalidation WHERE at < $1 ORDER BY seq LIMIT 1000)`, now.Add(-keepNews).UnixMicro())
	if err != nil {
		return fmt.Errorf("sweep news: %w", err)
	}
	return nil
}

// allSettings are the settings of all realms by their keys, without loading what is in the realms.
func (s *Store) allSettings(ctx context.Context) (map[string]realm.Settings, error) {
	all := map[string]realm.Settings{}
	err := s.db.Each(ctx, `SELECT c.realm, c.doc FROM realm r JOIN config c ON c.realm = r.id AND c.kind = $1 AND c.id = r.id WHERE r.hidden = 0`,
		[]any{string(realm.KindRealm)}, func(scan engine.Scan) error {
			var key string
			var doc []byte
			if err := scan(&key, &doc); err != nil {
				return err
			}
			var settings realm.Settings
			err := json.Unmarshal(doc, &settings)
			all[key] = settings
			return err
		})
	return all, err
}

func (s *Store) sweepRealm(ctx context.Context, key string, settings realm.Settings, now time.Time) error {
	l := settings.Lifespans
	idle, most := max(l.SessionIdle, l.SessionIdleRemember), max(l.SessionMax, l.SessionMaxRemember)
	if err := s.sweepSessions(ctx, key, false, before(now, idle), before(now, most)); err != nil {
		return err
	}
	most = 0
	if l.OfflineMaxEnabled {
		most = l.OfflineMax
	}
	if err := s.sweepSessions(ctx, key, true, before(now, l.OfflineIdle), before(now, most)); err != nil {
		return err
	}
	if err := s.sweepEvents(ctx, "event", key, before(now, settings.Events.Expiration)); err != nil {
		return err
	}
	if err := s.sweepLog(ctx, key, before(now, settings.Log.Expiration)); err != nil {
		return err
	}
	return s.sweepEvents(ctx, "admin_event", key, before(now, settings.Events.AdminExpiration))
}

// before is the moment a span before now, in microseconds; for a span of zero, which is no limit,
// one before everything.
func before(now time.Time, span time.Duration) int64 {
	if span == 0 {
		return 0
	}
	return now.Add(-span).UnixMicro()
}

// sweepSessions deletes sessions last used, or started, before a moment.
func (s *Store) sweepSessions(ctx context.Context, key string, offline bool, used, started int64) error {
	return s.sweepRows(ctx, `DELETE FROM session WHERE (realm, id, offline) IN
		(SELECT realm, id, offline FROM session WHERE realm = $1 AND offline = $2 AND (last_access < $3 OR started < $4) LIMIT 1000)`,
		key, offline, used, started)
}

func (s *Store) sweepEvents(ctx context.Context, table, key string, at int64) error {
	return s.sweepRows(ctx, `DELETE FROM `+table+` WHERE (realm, at, id) IN
		(SELECT realm, at, id FROM `+table+` WHERE realm = $1 AND at < $2 LIMIT 1000)`, key, at)
}

// sweepLogins deletes what was begun and not finished in time: sign-ins, codes, pushed requests and devices.
func (s *Store) sweepLogins(ctx context.Context, now time.Time) error {
	for _, query := range []string{
		`DELETE FROM login WHERE (realm, id) IN (SELECT realm, id FROM login WHERE until < $1 LIMIT 1000)`,
		`DELETE FROM code WHERE (realm, hash) IN (SELECT realm, hash FROM code WHERE until < $1 LIMIT 1000)`,
		`DELETE FROM pushed WHERE (realm, hash) IN (SELECT realm, hash FROM pushed WHERE until < $1 LIMIT 1000)`,
		`DELETE FROM device WHERE (realm, hash) IN (SELECT realm, hash FROM device WHERE until < $1 LIMIT 1000)`,
	} {
		if err := s.sweepRows(ctx, query, now.UnixMicro()); err != nil {
			return err
		}
	}
	return nil
}

// sweepRows runs a statement that deletes some rows until it finds no more.
func (s *Store) sweepRows(ctx context.Context, query string, args ...any) error {
	for {
		var rows int64
		err := s.db.Change(ctx, func(tx engine.Tx) (err error) {
			rows, err = tx.Exec(ctx, query, args...)
			return err
		})
		if err != nil || rows == 0 {
			return err
		}
	}
}
