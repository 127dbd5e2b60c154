package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// revocations are the revoked tokens, all of them in memory: each request asks. The zero value is none.
type revocations struct {
	sync.RWMutex
	until map[tokenID]int64 // microseconds
}

type tokenID struct{ realm, jti string }

func (r *revocations) add(id tokenID, until int64) {
	r.Lock()
	defer r.Unlock()
	r.until[id] = max(r.until[id], until)
}

// Revoke remembers that a token, by its jti, is revoked; until is when it would expire.
func (s *Store) Revoke(ctx context.Context, realmKey, jti string, until time.Time) error {
	return s.fails(s.db.Write(ctx, &engine.Write{
		Lock: realmKey + jti,
		Statements: []engine.Statement{{
			SQL: `INSERT INTO revoked (realm, jti, until) VALUES ($1, $2, $3)
				ON CONFLICT (realm, jti) DO UPDATE SET until = excluded.until WHERE revoked.until < excluded.until`,
			Args: []any{realmKey, jti, micros(until)},
		}},
		Last:      s.announce(notice{realm: realmKey, kind: kindRevoked, id: jti}),
		Committed: func() { s.revoked.add(tokenID{realmKey, jti}, micros(until)) },
	}))
}

// Revoked tells whether a token is revoked. It may still say so after the token expired.
func (s *Store) Revoked(ctx context.Context, realmKey, jti string) (bool, error) {
	if err := s.confirmed(ctx); err != nil {
		return false, err
	}
	s.revoked.RLock()
	defer s.revoked.RUnlock()
	_, yes := s.revoked.until[tokenID{realmKey, jti}]
	return yes, nil
}

// loadRevoked reads all revocations. Those that come in meanwhile stay.
func (s *Store) loadRevoked(ctx context.Context) error {
	all := map[tokenID]int64{}
	err := s.db.Each(ctx, `SELECT realm, jti, until FROM revoked`, nil, func(scan engine.Scan) error {
		var id tokenID
		var until int64
		err := scan(&id.realm, &id.jti, &until)
		all[id] = until
		return err
	})
	if err != nil {
		return err
	}
	s.revoked.Lock()
	defer s.revoked.Unlock()
	for id, until := range s.revoked.until {
		all[id] = max(all[id], until)
	}
	s.revoked.until = all
	return nil
}

// loadRevocation reads one that another node wrote.
func (s *Store) loadRevocation(ctx context.Context, realmKey, jti string) error {
	var until int64
	err := s.found(s.db.One(ctx, `SELECT until FROM revoked WHERE realm = $1 AND jti = $2`, []any{realmKey, jti}, &until))
	if errors.Is(err, fault.ErrNotFound) {
		return nil // expired, and swept since
	}
	if err != nil {
		return err
	}
	s.revoked.add(tokenID{realmKey, jti}, until)
	return nil
}

// sweepRevoked forgets revocations of tokens that have expired.
func (s *Store) sweepRevoked(ctx context.Context, now time.Time) error {
	err := s.sweepRows(ctx, `DELETE FROM revoked WHERE (realm, jti) IN
		(SELECT realm, jti FROM revoked WHERE until < $1 LIMIT 1000)`, now.UnixMicro())
	if err != nil {
		return err
	}
	s.revoked.Lock()
	defer s.revoked.Unlock()
	for id, until := range s.revoked.until {
		if until < now.UnixMicro() {
			delete(s.revoked.until, id)
		}
	}
	return nil
}

// UseOnce uses a one-time value up; first is false where it was used before. Values of different
// purposes have nothing to do with each other. Until is when the value would expire: afterwards it
// may be forgotten, so that who checks it must check its time too.
func (s *Store) UseOnce(ctx context.Context, realmKey, purpose, value string, until time.Time) (first bool, err error) {
	hash := sha256.Sum256([]byte(value)) // whatever its length, and not for readers of the database
	w := &engine.Write{
		Lock: realmKey + purpose + string(hash[:]),
		Statements: []engine.Statement{{
			SQL: `INSERT INTO used_once (realm, purpose, value, until) VALUES ($1, $2, $3, $4)
				ON CONFLICT (realm, purpose, value) DO NOTHING`,
			Args: []any{realmKey, purpose, hash[:], micros(until)},
		}},
	}
	if err := s.fails(s.db.Write(ctx, w)); err != nil {
		return false, err
	}
	return w.Statements[0].Rows == 1, nil
}
