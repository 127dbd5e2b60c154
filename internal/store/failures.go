package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// Failures are the failed sign-ins of a user; none where there is no such user. No node keeps them in
// memory: all see the same.
func (s *Store) Failures(ctx context.Context, realmKey, userID string) (user.Failures, error) {
	var doc []byte
	err := s.found(s.db.One(ctx, `SELECT doc FROM failures WHERE realm = $1 AND user_id = $2`, []any{realmKey, userID}, &doc))
	if errors.Is(err, fault.ErrNotFound) {
		return user.Failures{}, nil
	}
	return parseFailures(userID, doc, err)
}

func parseFailures(userID string, doc []byte, err error) (f user.Failures, _ error) {
	if err == nil && len(doc) > 0 {
		err = json.Unmarshal(doc, &f)
	}
	if err != nil {
		return f, fmt.Errorf("read failed sign-ins of user %s: %w", userID, err)
	}
	return f, nil
}

// EditFailures changes the failed sign-ins of a user. Parallel edits queue: each sees what the one
// before left. fault.ErrNotFound where there is no such realm. The edit may run again.
func (s *Store) EditFailures(ctx context.Context, realmKey, userID string, edit func(*user.Failures)) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		var doc []byte
		err := tx.One(ctx, `INSERT INTO failures (realm, user_id, doc, version) VALUES ($1, $2, '', 1)
			ON CONFLICT (realm, user_id) DO UPDATE SET version = failures.version + 1 RETURNING doc`, []any{realmKey, userID}, &doc)
		if err != nil {
			return err
		}
		f, err := parseFailures(userID, doc, nil)
		if err != nil {
			return err
		}
		edit(&f)
		text, err := encode(f)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE failures SET doc = $3 WHERE realm = $1 AND user_id = $2`, realmKey, userID, text)
		return err
	})
	if err != nil {
		return fmt.Errorf("count failed sign-ins of user %s: %w", userID, s.fails(err))
	}
	return nil
}

// ClearFailures forgets the failed sign-ins of a user, or with an empty id those of all.
func (s *Store) ClearFailures(ctx context.Context, realmKey, userID string) error {
	return s.ForgiveFailures(ctx, realmKey, userID, nil)
}

// ForgiveFailures is ClearFailures with its admin events, which tell of a user only where there was something to forget.
func (s *Store) ForgiveFailures(ctx context.Context, realmKey, userID string, audit []event.Admin) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		gone, err := tx.Exec(ctx, `DELETE FROM failures WHERE realm = $1 AND ($2 = '' OR user_id = $2)`, realmKey, userID)
		if err != nil || gone == 0 && userID != "" || len(audit) == 0 {
			return err
		}
		return tx.Send(ctx, adminStatements(audit))
	})
	if err != nil {
		return fmt.Errorf("forget failed sign-ins: %w", s.fails(err))
	}
	return nil
}
