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

// rememberCodes is for how long after its end a code is remembered, so that its second use is noticed.
const rememberCodes = time.Hour

// AddCode keeps an authorization code.
func (s *Store) AddCode(ctx context.Context, realmKey, code string, c session.Code) error {
	doc, err := encode(c)
	if err != nil {
		return err
	}
	hash := hashed(code)
	err = s.db.Write(ctx, &engine.Write{
		Lock: realmKey + hash,
		Statements: []engine.Statement{{
			SQL:  `INSERT INTO code (realm, hash, spent, until, doc) VALUES ($1, $2, $3, $4, $5)`,
			Args: []any{realmKey, hash, false, micros(c.Expires.Add(rememberCodes)), doc},
		}},
	})
	if err != nil {
		return fmt.Errorf("add code: %w", s.fails(err))
	}
	return nil
}

// TakeCode spends an authorization code: of several that bring it, on whichever node, one is first. The others
// get the code with fault.ErrStale. fault.ErrNotFound where there was never such a code, or long ago. Whether
// it has expired is for the caller to ask.
func (s *Store) TakeCode(ctx context.Context, realmKey, code string) (session.Code, error) {
	hash := hashed(code)
	w := &engine.Write{
		Lock: realmKey + hash,
		Statements: []engine.Statement{{
			SQL:  `UPDATE code SET spent = $3 WHERE realm = $1 AND hash = $2 AND spent = $4`,
			Args: []any{realmKey, hash, true, false},
		}},
	}
	if err := s.fails(s.db.Write(ctx, w)); err != nil {
		return session.Code{}, fmt.Errorf("take code: %w", err)
	}
	var doc []byte
	if err := s.db.One(ctx, `SELECT doc FROM code WHERE realm = $1 AND hash = $2`, []any{realmKey, hash}, &doc); err != nil {
		return session.Code{}, s.found(err)
	}
	var c session.Code
	if err := json.Unmarshal(doc, &c); err != nil {
		return c, fmt.Errorf("read code: %w", err)
	}
	if w.Statements[0].Rows == 0 {
		return c, fault.ErrStale
	}
	return c, nil
}
