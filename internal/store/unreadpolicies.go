package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// ReadPolicies calls read for each realm whose client policies a former version kept without acting on them, until that
// was done once. A realm whose read fails is asked for again at the next start; of nodes that start at once several may read.
func (s *Store) ReadPolicies(ctx context.Context, read func(ctx context.Context, r *realm.Realm) error) error {
	var keys []string
	err := s.db.Each(ctx, `SELECT realm FROM unread_policies ORDER BY realm`, nil, func(scan engine.Scan) error {
		var key string
		err := scan(&key)
		keys = append(keys, key)
		return err
	})
	if err != nil {
		return fmt.Errorf("find realms of a former version: %w", err)
	}
	for _, key := range keys {
		r, err := s.RealmByKey(ctx, key)
		if err == nil {
			err = read(ctx, r)
		}
		if err != nil && !errors.Is(err, fault.ErrNotFound) { // else it is being made, or gone
			return err
		}
		err = s.db.Change(ctx, func(tx engine.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM unread_policies WHERE realm = $1`, key)
			return err
		})
		if err != nil {
			return fmt.Errorf("remember that the client policies of a realm were read: %w", err)
		}
	}
	return nil
}
