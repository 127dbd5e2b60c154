package store

import (
	"context"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// Extra is what is kept but not acted on of a document; fault.ErrNotFound.
func (s *Store) Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error) {
	return s.readExtra(ctx, s.db, realmKey, kind, key)
}

func (s *Store) readExtra(ctx context.Context, r engine.Reader, realmKey string, kind realm.Kind, key string) (realm.Extra, error) {
	var sealed []byte
	err := r.One(ctx, `SELECT extra FROM config WHERE realm = $1 AND kind = $2 AND id = $3`,
		[]any{realmKey, string(kind), key}, &sealed)
	if err != nil {
		return nil, s.found(err)
	}
	return s.openExtra(realmKey, kind, key, sealed)
}

// someExtras is from how many on all documents of the kind are read: it is faster then, and SQL has no
// room for more keys.
const someExtras = 500

// Extras is what is kept but not acted on of documents of a kind, by their keys. Documents that are
// not there are passed over.
func (s *Store) Extras(ctx context.Context, realmKey string, kind realm.Kind, keys []string) (map[string]realm.Extra, error) {
	out := make(map[string]realm.Extra, len(keys))
	if len(keys) == 0 {
		return out, nil
	}
	query, args := `SELECT id, extra FROM config WHERE realm = $1 AND kind = $2`, []any{realmKey, string(kind)}
	if len(keys) < someExtras {
		list, more := places(len(args)+1, keys)
		query, args = query+` AND id IN (`+list+`)`, append(args, more...)
	}
	asked := make(map[string]bool, len(keys))
	for _, key := range keys {
		asked[key] = true
	}
	err := s.db.Each(ctx, query, args, func(scan engine.Scan) error {
		var key string
		var sealed []byte
		if err := scan(&key, &sealed); err != nil || !asked[key] {
			return err
		}
		var err error
		out[key], err = s.openExtra(realmKey, kind, key, sealed)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what is kept of %ss: %w", kind, err)
	}
	return out, nil
}
