package store

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// TakeShare takes up to q.Want requests of a window in which there may be q.Most, whichever node asks, and gives how many it
// could take. A window that began later ends the one before; who asks for that all the same, since their clock is slow, takes
// from the later one.
func (s *Store) TakeShare(ctx context.Context, realmKey string, q realm.Share) (int, error) {
	who := sha256.Sum256([]byte(q.Who)) // whatever its length, and not for readers of the database
	var taken int64
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		return tx.One(ctx, `INSERT INTO rate_share (realm, who, began, until, taken) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (realm, who) DO UPDATE SET
				taken = CASE WHEN rate_share.began < excluded.began THEN excluded.taken ELSE rate_share.taken + excluded.taken END,
				until = CASE WHEN rate_share.began < excluded.began THEN excluded.until ELSE rate_share.until END,
				began = CASE WHEN rate_share.began < excluded.began THEN excluded.began ELSE rate_share.began END
			RETURNING taken`,
			[]any{realmKey, who[:], q.Began.UnixMicro(), q.Until.UnixMicro(), int64(q.Want)}, &taken)
	})
	if err != nil {
		return 0, fmt.Errorf("take a share of a limit: %w", s.fails(err))
	}
	before := taken - int64(q.Want)
	return int(max(0, min(int64(q.Want), int64(q.Most)-before))), nil
}
