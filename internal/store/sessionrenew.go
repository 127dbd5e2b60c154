package store

import (
	"context"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// RenewSession keeps what became of a session whose user proved anew who they are. fault.ErrNotFound where it
// ended meanwhile: a session is never brought back.
func (s *Store) RenewSession(ctx context.Context, realmKey string, ss session.Session) error {
	doc, err := encode(ss)
	if err != nil {
		return err
	}
	id := sessionID{realmKey, ss.ID, ss.Offline}
	w := &engine.Write{
		Lock: id.lock(),
		Statements: []engine.Statement{{
			SQL: `UPDATE session SET doc = $4, last_access = CASE WHEN last_access < $5 THEN $5 ELSE last_access END
				WHERE realm = $1 AND id = $2 AND offline = $3`,
			Args: []any{realmKey, ss.ID, ss.Offline, doc, micros(ss.LastAccess)},
		}},
		Last:      s.announce(notice{realm: realmKey, kind: kindSession, id: ss.ID}),
		Committed: func() { s.sessions.drop(id) },
	}
	if err := s.fails(s.db.Write(ctx, w)); err != nil {
		return fmt.Errorf("renew session: %w", err)
	}
	if w.Statements[0].Rows == 0 {
		return fault.ErrNotFound
	}
	return nil
}
