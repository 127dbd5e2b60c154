package store

import (
	"context"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// indexUsers makes the users be found of realms that were made before users were searched by index. Of
// several nodes that start at once the first does it, and the others wait.
func (s *Store) indexUsers(ctx context.Context) error {
	const without = `SELECT r.id, r.name FROM realm r WHERE NOT EXISTS (SELECT 1 FROM user_range u WHERE u.realm = r.id) AND r.hidden = 0`
	names := map[string]string{}
	err := s.db.Each(ctx, without, nil, func(scan engine.Scan) error {
		var key, name string
		err := scan(&key, &name)
		names[key] = name
		return err
	})
	if err != nil {
		return err
	}
	for key, name := range names {
		s.log.Info("indexing the users of a realm", "realm", name)
		err := s.db.Change(ctx, func(tx engine.Tx) error {
			var left int64
			if _, err := tx.Exec(ctx, `UPDATE realm SET name = name WHERE id = $1`, key); err != nil {
				return err
			}
			if err := tx.One(ctx, `SELECT COUNT(*) FROM user_range WHERE realm = $1`, []any{key}, &left); err != nil || left > 0 {
				return err
			}
			return s.indexRealm(ctx, tx, key)
		})
		if err != nil {
			return fmt.Errorf("index the users of realm %q: %w", name, err)
		}
	}
	return nil
}

func (s *Store) indexRealm(ctx context.Context, tx engine.Tx, key string) error {
	for after, more := "", true; more; {
		var batch []engine.Statement
		more = false
		err := tx.Each(ctx, `SELECT username, doc FROM users WHERE realm = $1 AND username > $2 ORDER BY username LIMIT $3`,
			[]any{key, after, int64(pageSize)}, func(scan engine.Scan) error {
				var doc []byte
				if err := scan(&after, &doc); err != nil {
					return err
				}
				more = true
				u, err := parseUser(doc, nil)
				if err != nil {
					return err
				}
				found := searchedOf(&u)
				batch = append(batch, s.putSearched(key, u.ID, &found)...)
				return nil
			})
		if err != nil {
			return err
		}
		if err := tx.Send(ctx, batch); err != nil {
			return err
		}
	}
	ranges, err := s.newRanges(ctx, tx, key)
	if err != nil {
		return err
	}
	return tx.Send(ctx, ranges)
}
