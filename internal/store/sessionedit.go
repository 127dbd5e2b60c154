package store

import (
	"context"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// OpenSession adds a session in which no client holds a grant yet. fault.ErrConflict where there is one
// of the id.
func (s *Store) OpenSession(ctx context.Context, realmKey string, ss session.Session, audit []event.Admin) error {
	doc, err := encode(ss)
	if err != nil {
		return err
	}
	err = s.db.Change(ctx, func(tx engine.Tx) error {
		return tx.Send(ctx, append([]engine.Statement{{
			SQL:  `INSERT INTO session (realm, id, offline, user_id, started, last_access, doc) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			Args: []any{realmKey, ss.ID, ss.Offline, ss.UserID, micros(ss.Started), micros(ss.LastAccess), doc},
		}}, adminStatements(audit)...))
	})
	if err != nil {
		return fmt.Errorf("open session: %w", s.fails(err))
	}
	return nil
}

// CloseSession ends a session as EndSession does, for an administrator; fault.ErrNotFound where it is gone.
func (s *Store) CloseSession(ctx context.Context, realmKey, id string, offline bool, audit []event.Admin) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		news, err := endSessions(ctx, tx, realmKey, `id = $2 AND offline = $3`, id, offline)
		if err != nil {
			return err
		}
		if len(news) == 0 {
			return fault.ErrNotFound
		}
		tx.Committed(func() { _ = s.hear(ctx, news) }) // of sessions: it cannot fail
		return tx.Send(ctx, append(adminStatements(audit), s.announce(news...)...))
	})
	if err != nil {
		return fmt.Errorf("close session: %w", s.fails(err))
	}
	return nil
}
