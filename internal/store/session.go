package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// StartSession adds a session with its first grant. Where the session is there already, as an
// offline one that another client began, the grant is added to it, and its LastAccess moved.
func (s *Store) StartSession(ctx context.Context, realmKey string, ss session.Session, g session.Grant) error {
	return s.startSession(ctx, realmKey, ss, g)
}

// StartSessionFrom is StartSession of an online session whose user came from elsewhere: where from is kept with it.
func (s *Store) StartSessionFrom(ctx context.Context, realmKey string, ss session.Session, g session.Grant, o session.Origin) error {
	o.Session = ss.ID
	from, err := s.originStatement(realmKey, o)
	if err != nil {
		return fmt.Errorf("start session: %w", err)
	}
	return s.startSession(ctx, realmKey, ss, g, from)
}

func (s *Store) startSession(ctx context.Context, realmKey string, ss session.Session, g session.Grant, more ...engine.Statement) error {
	doc, err := encode(ss)
	if err != nil {
		return err
	}
	grant, err := grantStatement(realmKey, g, replaceGrant)
	if err != nil {
		return err
	}
	id := sessionID{realmKey, ss.ID, ss.Offline}
	err = s.db.Write(ctx, &engine.Write{
		Lock: id.lock(),
		Statements: append([]engine.Statement{{
			SQL: `INSERT INTO session (realm, id, offline, user_id, started, last_access, doc) VALUES ($1, $2, $3, $4, $5, $6, $7)
				ON CONFLICT (realm, id, offline) DO UPDATE SET last_access = excluded.last_access
				WHERE session.last_access < excluded.last_access`,
			Args: []any{realmKey, ss.ID, ss.Offline, ss.UserID, micros(ss.Started), micros(ss.LastAccess), doc},
		}, grant}, more...),
		Committed: func() { s.sessions.drop(id) },
	})
	if err != nil {
		return fmt.Errorf("start session: %w", s.fails(err))
	}
	return nil
}

// Session finds a session; fault.ErrNotFound. It is shared and must not be changed. With PostgreSQL
// it may be as it was a second ago.
func (s *Store) Session(ctx context.Context, realmKey, id string, offline bool) (*session.Session, error) {
	state, err := s.state(ctx, sessionID{realmKey, id, offline})
	if err != nil {
		return nil, err
	}
	return &state.session, nil
}

// EndSession ends a session with its grants. Nothing happens where it is gone already.
func (s *Store) EndSession(ctx context.Context, realmKey, id string, offline bool) error {
	key := sessionID{realmKey, id, offline}
	err := s.db.Write(ctx, &engine.Write{
		Lock: key.lock(),
		Statements: []engine.Statement{{
			SQL:  `DELETE FROM session WHERE realm = $1 AND id = $2 AND offline = $3`,
			Args: []any{realmKey, id, offline},
		}},
		Last:      s.announce(notice{realm: realmKey, kind: kindSession, id: id}),
		Committed: func() { s.sessions.drop(key) },
	})
	if err != nil {
		return fmt.Errorf("end session: %w", s.fails(err))
	}
	return nil
}

// scanSession reads doc and last_access.
func scanSession(scan engine.Scan) (ss session.Session, err error) {
	var doc []byte
	var access int64
	if err := scan(&doc, &access); err != nil {
		return ss, err
	}
	err = parseSession(doc, access, &ss)
	return ss, err
}

// parseSession reads a session of its doc and last_access.
func parseSession(doc []byte, access int64, to *session.Session) error {
	if err := json.Unmarshal(doc, to); err != nil {
		return fmt.Errorf("session: %w", err)
	}
	to.LastAccess = moment(access)
	return nil
}

// sessionID names a session in the cache.
type sessionID struct {
	realm, id string
	offline   bool
}

// lock is what a write to the session, or to a grant in it, locks first.
func (id sessionID) lock() string { return id.realm + id.id }

// sessionState is a session with its grants as they were read. It is not changed, but replaced.
type sessionState struct {
	session session.Session
	grants  map[string]*session.Grant // by the client's key
	read    int64                     // when, since Store.tail.start
}

// state is a session as the cache has it. With PostgreSQL it is read anew after a second: other
// nodes tell when a session ends, but not whenever one is used.
func (s *Store) state(ctx context.Context, id sessionID) (*sessionState, error) {
	if st, ok := s.sessions.get(id); ok && (!s.db.Shared() || s.tail.since(st.read) < trustFor) {
		return st, nil
	}
	return s.sessions.load(id, func() (*sessionState, error) { return s.readState(ctx, id) })
}

func (s *Store) readState(ctx context.Context, id sessionID) (*sessionState, error) {
	st := &sessionState{grants: map[string]*session.Grant{}, read: s.tail.clock()}
	ended := map[string]time.Time{}
	found := false
	err := s.db.Each(ctx, `SELECT s.doc, s.last_access, COALESCE(g.doc, ''), ''
		FROM session s LEFT JOIN session_grant g ON g.realm = s.realm AND g.session = s.id AND g.offline = s.offline
		WHERE s.realm = $1 AND s.id = $2 AND s.offline = $3
		UNION ALL SELECT '', ended, '', client FROM session_ended WHERE realm = $1 AND session = $2 AND offline = $3`,
		[]any{id.realm, id.id, id.offline}, func(scan engine.Scan) error {
			var doc, grant []byte
			var at int64
			var client string
			if err := scan(&doc, &at, &grant, &client); err != nil {
				return err
			}
			if client != "" {
				ended[client] = moment(at)
				return nil
			}
			found = true
			if err := parseSession(doc, at, &st.session); err != nil || len(grant) == 0 {
				return err
			}
			g, err := parseGrant(grant)
			st.grants[g.Client] = g
			return err
		})
	if err == nil && !found {
		err = fault.ErrNotFound
	}
	st.session.Ended = ended
	return st, s.found(err)
}

// dropSession forgets a session, online and offline.
func (s *Store) dropSession(realmKey, id string) {
	s.sessions.drop(sessionID{realmKey, id, false})
	s.sessions.drop(sessionID{realmKey, id, true})
}
