package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// KeepOrigin keeps where a session's user came from, in place of what was kept before. It goes with the
// session; fault.ErrNotFound where that has ended.
func (s *Store) KeepOrigin(ctx context.Context, realmKey string, o session.Origin) error {
	st, err := s.originStatement(realmKey, o)
	if err != nil {
		return err
	}
	err = s.db.Change(ctx, func(tx engine.Tx) error {
		rows, err := tx.Exec(ctx, st.SQL, st.Args...)
		if err == nil && rows == 0 {
			err = fault.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keep origin of session: %w", s.fails(err))
	}
	return nil
}

// originStatement keeps where the user of an online session came from, unless the session is gone.
func (s *Store) originStatement(realmKey string, o session.Origin) (engine.Statement, error) {
	plain, err := json.Marshal(o)
	if err != nil {
		return engine.Statement{}, err
	}
	return engine.Statement{
		SQL: `INSERT INTO origin (realm, session, offline, provider, subject, sid, sealed)
			SELECT s.realm, s.id, s.offline, $4, $5, $6, $7 FROM session s WHERE s.realm = $1 AND s.id = $2 AND s.offline = $3
			ON CONFLICT (realm, session) DO UPDATE SET provider = excluded.provider, subject = excluded.subject, sid = excluded.sid, sealed = excluded.sealed`,
		Args: []any{realmKey, o.Session, false, o.Provider, o.Subject, o.SID, s.key.Seal(plain, realmKey, originPlace, o.Session)},
	}, nil
}

// originPlace tells sealed origins from other sealed values.
const originPlace = "origin"

// Origin is where a session's user came from; fault.ErrNotFound where they signed in here.
func (s *Store) Origin(ctx context.Context, realmKey, sessionID string) (session.Origin, error) {
	var o session.Origin
	var sealed []byte
	err := s.db.One(ctx, `SELECT sealed FROM origin WHERE realm = $1 AND session = $2`, []any{realmKey, sessionID}, &sealed)
	if err != nil {
		return o, s.found(err)
	}
	plain, err := s.key.Open(sealed, realmKey, originPlace, sessionID)
	if err == nil {
		err = json.Unmarshal(plain, &o)
	}
	if err != nil {
		return o, fmt.Errorf("read origin of session: %w", err)
	}
	return o, nil
}

// errVague is a query that would end sessions of people who are not meant.
var errVague = errors.New("a provider's sessions are asked for by subject or sid")

// SessionsFrom are the ids of the sessions that a provider means, oldest first.
func (s *Store) SessionsFrom(ctx context.Context, realmKey string, q session.OriginQuery) ([]string, error) {
	if q.Subject == "" && q.SID == "" {
		return nil, errVague
	}
	c := &conditions{}
	c.add("o.realm = ?", realmKey)
	c.add("o.provider = ?", q.Provider)
	c.equal("o.subject", q.Subject)
	c.equal("o.sid", q.SID)
	var out []string
	err := s.db.Each(ctx, `SELECT o.session FROM origin o JOIN session s ON s.realm = o.realm AND s.id = o.session AND s.offline = o.offline
		WHERE `+c.String()+` ORDER BY s.started, s.id`, c.args, func(scan engine.Scan) error {
		var id string
		err := scan(&id)
		out = append(out, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find sessions of a provider: %w", err)
	}
	return out, nil
}
