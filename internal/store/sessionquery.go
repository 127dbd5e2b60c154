package store

import (
	"context"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// FindSessions are the sessions that are asked for, oldest first, as they are now: max of them, or all
// where it is negative, after the first ones. Those that have expired are among them until they are
// swept.
func (s *Store) FindSessions(ctx context.Context, realmKey string, q session.Query, first, max int) ([]session.Session, error) {
	c := sessionConditions(realmKey, q)
	query := `SELECT s.doc, s.last_access FROM session s WHERE ` + c.String() + ` ORDER BY s.started, s.id` + c.page(first, max)
	var out []session.Session
	err := s.db.Each(ctx, query, c.args, func(scan engine.Scan) error {
		ss, err := scanSession(scan)
		out = append(out, ss)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return out, nil
}

// CountSessions is how many sessions are asked for.
func (s *Store) CountSessions(ctx context.Context, realmKey string, q session.Query) (int, error) {
	c := sessionConditions(realmKey, q)
	var n int64
	if err := s.db.One(ctx, `SELECT COUNT(*) FROM session s WHERE `+c.String(), c.args, &n); err != nil {
		return 0, fmt.Errorf("count sessions: %w", err)
	}
	return int(n), nil
}

func sessionConditions(realmKey string, q session.Query) *conditions {
	c := &conditions{}
	c.add("s.realm = ?", realmKey)
	c.add("s.offline = ?", q.Offline)
	c.equal("s.id", q.ID)
	c.equal("s.user_id", q.User)
	if q.Client != "" {
		c.add(`EXISTS (SELECT 1 FROM session_grant g WHERE g.realm = s.realm AND g.session = s.id AND g.offline = s.offline AND g.client = ?)`, q.Client)
	}
	return c
}

// SessionStats are in how many sessions each client takes part, ordered by client. Clients without are
// not among them.
func (s *Store) SessionStats(ctx context.Context, realmKey string) ([]session.Stat, error) {
	var out []session.Stat
	err := s.db.Each(ctx, `SELECT client, SUM(CASE WHEN offline THEN 0 ELSE 1 END), SUM(CASE WHEN offline THEN 1 ELSE 0 END)
		FROM session_grant WHERE realm = $1 GROUP BY client ORDER BY client`, []any{realmKey}, func(scan engine.Scan) error {
		var client string
		var active, offline int64
		err := scan(&client, &active, &offline)
		out = append(out, session.Stat{Client: client, Active: int(active), Offline: int(offline)})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count sessions of clients: %w", err)
	}
	return out, nil
}

// EndUserSessions ends a user's sessions with their grants, but for offline ones.
func (s *Store) EndUserSessions(ctx context.Context, realmKey, userID string, audit []event.Admin) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		news, err := endSessions(ctx, tx, realmKey, `user_id = $2 AND NOT offline`, userID)
		if err != nil {
			return err
		}
		tx.Committed(func() { _ = s.hear(ctx, news) }) // of sessions: it cannot fail
		return tx.Send(ctx, append(adminStatements(audit), s.announce(news...)...))
	})
	if err != nil {
		return fmt.Errorf("end sessions of user %s: %w", userID, s.fails(err))
	}
	return nil
}

// endSessions deletes sessions of a realm that fulfil a condition, and gives the news of it.
func endSessions(ctx context.Context, tx engine.Tx, realmKey, condition string, args ...any) ([]notice, error) {
	var news []notice
	err := tx.Each(ctx, `DELETE FROM session WHERE realm = $1 AND `+condition+` RETURNING id`, append([]any{realmKey}, args...),
		func(scan engine.Scan) error {
			n := notice{realm: realmKey, kind: kindSession}
			err := scan(&n.id)
			news = append(news, n)
			return err
		})
	return news, err
}

// EndAllSessions ends the sessions of a realm that have begun, with their grants, but for offline ones. They go
// some at a time, so that writers wait little; the admin events are written with the last.
func (s *Store) EndAllSessions(ctx context.Context, realmKey string, audit []event.Admin) error {
	until := micros(s.now())
	for done := false; !done; {
		err := s.db.Change(ctx, func(tx engine.Tx) error {
			news, err := endSessions(ctx, tx, realmKey, `NOT offline AND id IN
				(SELECT id FROM session WHERE realm = $1 AND NOT offline AND started <= $2 LIMIT $3)`, until, int64(pageSize))
			if err != nil {
				return err
			}
			tx.Committed(func() { _ = s.hear(ctx, news) }) // of sessions: it cannot fail
			var last []engine.Statement
			if done = len(news) < pageSize; done {
				last = adminStatements(audit)
			}
			return tx.Send(ctx, append(last, s.announce(news...)...))
		})
		if err != nil {
			return fmt.Errorf("end all sessions: %w", s.fails(err))
		}
	}
	return nil
}
