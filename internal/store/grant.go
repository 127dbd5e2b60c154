package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// AddGrant adds a grant; fault.ErrStale where its client holds one in the session already, as of
// several that ask at the same moment all but one do; fault.ErrNotFound where the session is gone.
func (s *Store) AddGrant(ctx context.Context, realmKey string, g session.Grant) error {
	st, err := grantStatement(realmKey, g, keepGrant)
	if err != nil {
		return err
	}
	id := sessionID{realmKey, g.Session, g.Offline}
	w := &engine.Write{
		Lock:       id.lock(),
		Statements: []engine.Statement{st},
	}
	w.Committed = func() {
		if w.Statements[0].Rows == 1 {
			s.sessions.change(id, func(st *sessionState) *sessionState { return st.with(g, s.db.Shared()) })
		}
	}
	if err := s.fails(s.db.Write(ctx, w)); err != nil {
		return fmt.Errorf("add grant: %w", err)
	}
	if w.Statements[0].Rows == 1 {
		return nil
	}
	return s.lost(ctx, "add grant", realmKey, g)
}

// lost says why a write of a grant changed nothing: another was first, or there is nothing to change.
func (s *Store) lost(ctx context.Context, what, realmKey string, g session.Grant) error {
	_, err := s.readGrant(ctx, realmKey, g.Session, g.Client, g.Offline)
	if err == nil {
		err = fault.ErrStale
	}
	return fmt.Errorf("%s: %w", what, err)
}

// What grantStatement does where the client holds a grant already.
const (
	keepGrant    = `NOTHING`
	replaceGrant = `UPDATE SET refresh_id = excluded.refresh_id, refresh_uses = excluded.refresh_uses, doc = excluded.doc`
)

// grantStatement adds a grant, unless its session is gone.
func grantStatement(realmKey string, g session.Grant, otherwise string) (engine.Statement, error) {
	doc, err := encode(g)
	return engine.Statement{
		SQL: `INSERT INTO session_grant (realm, session, offline, client, refresh_id, refresh_uses, doc)
			SELECT $1, $2, CAST($3 AS BOOLEAN), $4, $5, CAST($6 AS BIGINT), $7
			WHERE EXISTS (SELECT 1 FROM session WHERE realm = $1 AND id = $2 AND offline = CAST($3 AS BOOLEAN))
			ON CONFLICT (realm, session, offline, client) DO ` + otherwise,
		Args: []any{realmKey, g.Session, g.Offline, g.Client, g.RefreshID, int64(g.RefreshUses), doc},
	}, err
}

// Grant finds what a client holds in a session, as it is now; fault.ErrNotFound. It is shared and
// must not be changed.
func (s *Store) Grant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) (*session.Grant, error) {
	if !s.db.Shared() {
		return s.Granted(ctx, realmKey, sessionID, clientKey, offline)
	}
	return s.readGrant(ctx, realmKey, sessionID, clientKey, offline)
}

// Granted is Grant, but with PostgreSQL it may be as it was a second ago: enough to see that a grant
// stands, and not enough to judge a refresh token by RefreshID and RefreshUses.
func (s *Store) Granted(ctx context.Context, realmKey, session, clientKey string, offline bool) (*session.Grant, error) {
	st, err := s.state(ctx, sessionID{realmKey, session, offline})
	if err != nil {
		return nil, err
	}
	if g := st.grants[clientKey]; g != nil {
		return g, nil
	}
	if !s.db.Shared() {
		return nil, fault.ErrNotFound
	}
	return s.readGrant(ctx, realmKey, session, clientKey, offline) // another node may just have made it
}

func (s *Store) readGrant(ctx context.Context, realmKey, sessionID, clientKey string, offline bool) (*session.Grant, error) {
	var doc []byte
	err := s.db.One(ctx, `SELECT doc FROM session_grant WHERE realm = $1 AND session = $2 AND offline = $3 AND client = $4`,
		[]any{realmKey, sessionID, offline, clientKey}, &doc)
	if err != nil {
		return nil, s.found(err)
	}
	return parseGrant(doc)
}

func parseGrant(doc []byte) (*session.Grant, error) {
	g := &session.Grant{}
	if err := json.Unmarshal(doc, g); err != nil {
		return nil, fmt.Errorf("grant: %w", err)
	}
	return g, nil
}

// Grants are all grants of a session by client, as they are now.
func (s *Store) Grants(ctx context.Context, realmKey, sessionID string, offline bool) ([]session.Grant, error) {
	var out []session.Grant
	err := s.db.Each(ctx, `SELECT doc FROM session_grant WHERE realm = $1 AND session = $2 AND offline = $3 ORDER BY client`,
		[]any{realmKey, sessionID, offline}, func(scan engine.Scan) error {
			var doc []byte
			if err := scan(&doc); err != nil {
				return err
			}
			g, err := parseGrant(doc)
			if err == nil {
				out = append(out, *g)
			}
			return err
		})
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	return out, nil
}

// Refresh replaces a grant by its next state, if it still has prev's RefreshID and RefreshUses, and
// moves the session's LastAccess to that of next. Of several that ask at the same moment, on
// whichever node, one is first; the others are told fault.ErrStale, and change nothing.
// fault.ErrNotFound where the grant is gone.
func (s *Store) Refresh(ctx context.Context, realmKey string, prev, next session.Grant) error {
	w, err := s.refresh(realmKey, prev, next)
	if err != nil {
		return err
	}
	if err := s.fails(s.db.Write(ctx, w)); err != nil {
		return fmt.Errorf("refresh grant: %w", err)
	}
	if w.Statements[1].Rows == 1 {
		return nil
	}
	return s.lost(ctx, "refresh grant", realmKey, prev)
}

// refresh locks the session's row before the grant's, as all writes do, also where LastAccess is later
// already: else groups of refreshes of one session dead-lock. A refresh that is too late must not keep
// the session alive, so that the first statement looks at the grant too.
func (s *Store) refresh(realmKey string, prev, next session.Grant) (*engine.Write, error) {
	doc, err := encode(next)
	if err != nil {
		return nil, err
	}
	id := sessionID{realmKey, prev.Session, prev.Offline}
	w := &engine.Write{
		Lock: id.lock(),
		Statements: []engine.Statement{{
			SQL: `UPDATE session SET last_access = CASE WHEN last_access < $4 THEN $4 ELSE last_access END
				WHERE realm = $1 AND id = $2 AND offline = $3 AND EXISTS
				(SELECT 1 FROM session_grant WHERE realm = $1 AND session = $2 AND offline = $3
					AND client = $5 AND refresh_id = $6 AND refresh_uses = $7)`,
			Args: []any{realmKey, prev.Session, prev.Offline, micros(next.LastAccess), prev.Client, prev.RefreshID, int64(prev.RefreshUses)},
		}, {
			SQL: `UPDATE session_grant SET refresh_id = $7, refresh_uses = $8, doc = $9
				WHERE realm = $1 AND session = $2 AND offline = $3 AND client = $4 AND refresh_id = $5 AND refresh_uses = $6`,
			Args: []any{realmKey, prev.Session, prev.Offline, prev.Client, prev.RefreshID, int64(prev.RefreshUses),
				next.RefreshID, int64(next.RefreshUses), doc},
		}},
	}
	w.Committed = func() {
		if w.Statements[1].Rows == 1 {
			s.sessions.change(id, func(st *sessionState) *sessionState {
				out := st.with(next, s.db.Shared())
				if out.session.LastAccess.Before(next.LastAccess) {
					out.session.LastAccess = next.LastAccess
				}
				return out
			})
		}
	}
	return w, nil
}

// with is the state with another grant. With one writer commits come in their order, and this grant
// is the latest; else it is left to be read.
func (st *sessionState) with(g session.Grant, shared bool) *sessionState {
	out := *st
	out.grants = maps.Clone(st.grants)
	delete(out.grants, g.Client)
	if !shared {
		g.Sources, g.Notes = maps.Clone(g.Sources), maps.Clone(g.Notes)
		out.grants[g.Client] = &g
	}
	return &out
}

// EndGrant takes back what a client holds in a session at a time, and the session with its last grant. Nothing
// happens where it is gone already.
func (s *Store) EndGrant(ctx context.Context, realmKey, session, clientKey string, offline bool, at time.Time) (sessionEnded bool, err error) {
	id := sessionID{realmKey, session, offline}
	w := &engine.Write{
		Lock: id.lock(),
		Statements: []engine.Statement{{
			// The lock lets two that end the last two grants come one after the other.
			SQL:  `UPDATE session SET last_access = last_access WHERE realm = $1 AND id = $2 AND offline = $3`,
			Args: []any{realmKey, session, offline},
		}, dropped(id, clientKey), {
			SQL: `DELETE FROM session WHERE realm = $1 AND id = $2 AND offline = $3 AND NOT EXISTS
				(SELECT 1 FROM session_grant WHERE realm = $1 AND session = $2 AND offline = $3)`,
			Args: []any{realmKey, session, offline},
		}, ended(id, clientKey, at)},
		Last:      s.announce(notice{realm: realmKey, kind: kindSession, id: session}),
		Committed: func() { s.sessions.drop(id) },
	}
	if err := s.db.Write(ctx, w); err != nil {
		return false, fmt.Errorf("end grant: %w", s.fails(err))
	}
	return w.Statements[2].Rows == 1, nil
}

// DropGrant takes back what a client holds in a session at a time, and leaves the session.
func (s *Store) DropGrant(ctx context.Context, realmKey, session, clientKey string, offline bool, at time.Time) error {
	id := sessionID{realmKey, session, offline}
	return s.dropGrant(ctx, id, dropped(id, clientKey), ended(id, clientKey, at))
}

// UndoGrant ends what a client holds in a session by exchange. What it got otherwise is not taken back with it.
// Nothing happens where it is gone already.
func (s *Store) UndoGrant(ctx context.Context, realmKey, session, clientKey string, offline bool) error {
	id := sessionID{realmKey, session, offline}
	return s.dropGrant(ctx, id, dropped(id, clientKey))
}

// dropped deletes a client's grant.
func dropped(id sessionID, clientKey string) engine.Statement {
	return engine.Statement{
		SQL:  `DELETE FROM session_grant WHERE realm = $1 AND session = $2 AND offline = $3 AND client = $4`,
		Args: []any{id.realm, id.id, id.offline, clientKey},
	}
}

// ended keeps when a client's part of a session was taken back, for as long as the session is kept.
func ended(id sessionID, clientKey string, at time.Time) engine.Statement {
	return engine.Statement{
		SQL: `INSERT INTO session_ended (realm, session, offline, client, ended)
			SELECT $1, $2, CAST($3 AS BOOLEAN), $4, CAST($5 AS BIGINT)
			WHERE EXISTS (SELECT 1 FROM session WHERE realm = $1 AND id = $2 AND offline = CAST($3 AS BOOLEAN))
			ON CONFLICT (realm, session, offline, client) DO UPDATE SET ended = excluded.ended
			WHERE session_ended.ended < excluded.ended`,
		Args: []any{id.realm, id.id, id.offline, clientKey, micros(at)},
	}
}

func (s *Store) dropGrant(ctx context.Context, id sessionID, statements ...engine.Statement) error {
	err := s.db.Write(ctx, &engine.Write{
		Lock:       id.lock(),
		Statements: statements,
		Last:       s.announce(notice{realm: id.realm, kind: kindSession, id: id.id}),
		Committed:  func() { s.sessions.drop(id) },
	})
	if err != nil {
		return fmt.Errorf("drop grant: %w", s.fails(err))
	}
	return nil
}
