package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// AddInitialAccess adds a permission to register clients; fault.ErrNotFound where there is no such realm.
func (s *Store) AddInitialAccess(ctx context.Context, realmKey string, a realm.InitialAccess, audit []event.Admin) error {
	origins, err := encode(a.Origins)
	if err != nil {
		return err
	}
	err = s.db.Change(ctx, func(tx engine.Tx) error {
		return tx.Send(ctx, append([]engine.Statement{{
			SQL:  `INSERT INTO initial_access (realm, id, created, expires, count, remaining, origins) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			Args: []any{realmKey, a.Key, micros(a.Created), a.Expires.Microseconds(), int64(a.Count), int64(a.Remaining), origins},
		}}, adminStatements(audit)...))
	})
	if err != nil {
		return fmt.Errorf("add initial access: %w", s.fails(err))
	}
	return nil
}

// InitialAccesses are the permissions of a realm to register clients, oldest first, those used up or
// expired too.
func (s *Store) InitialAccesses(ctx context.Context, realmKey string) ([]realm.InitialAccess, error) {
	var out []realm.InitialAccess
	err := s.db.Each(ctx, `SELECT id, created, expires, count, remaining, origins FROM initial_access WHERE realm = $1 ORDER BY created, id`,
		[]any{realmKey}, func(scan engine.Scan) error {
			var a realm.InitialAccess
			var created, expires, count, remaining int64
			var origins []byte
			if err := scan(&a.Key, &created, &expires, &count, &remaining, &origins); err != nil {
				return err
			}
			a.Created, a.Expires = moment(created), time.Duration(expires)*time.Microsecond
			a.Count, a.Remaining = int(count), int(remaining)
			err := json.Unmarshal(origins, &a.Origins)
			out = append(out, a)
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read initial accesses: %w", err)
	}
	return out, nil
}

// DropInitialAccess removes a permission to register clients; fault.ErrNotFound.
func (s *Store) DropInitialAccess(ctx context.Context, realmKey, key string, audit []event.Admin) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM initial_access WHERE realm = $1 AND id = $2`, realmKey, key)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.ErrNotFound
		}
		return tx.Send(ctx, adminStatements(audit))
	})
	if err != nil {
		return fmt.Errorf("drop initial access: %w", s.found(err))
	}
	return nil
}

// UseInitialAccess uses a permission up by one client. fault.ErrNotFound where it does not exist, is
// used up, or has expired.
func (s *Store) UseInitialAccess(ctx context.Context, realmKey, key string, now time.Time) error {
	var n int64
	err := s.db.Change(ctx, func(tx engine.Tx) (err error) {
		n, err = tx.Exec(ctx, `UPDATE initial_access SET remaining = remaining - 1
			WHERE realm = $1 AND id = $2 AND remaining > 0 AND (expires = 0 OR created + expires > $3)`, realmKey, key, micros(now))
		return err
	})
	if err = s.found(err); err == nil && n == 0 {
		err = fault.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("use initial access: %w", err)
	}
	return nil
}
