package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// AddPushed keeps an authorization request that a client pushed, until a time.
func (s *Store) AddPushed(ctx context.Context, realmKey, uri, clientKey, request string, until time.Time) error {
	hash := hashed(uri)
	err := s.db.Write(ctx, &engine.Write{
		Lock: realmKey + hash,
		Statements: []engine.Statement{{
			SQL:  `INSERT INTO pushed (realm, hash, client, until, doc) VALUES ($1, $2, $3, $4, $5)`,
			Args: []any{realmKey, hash, clientKey, micros(until), request},
		}},
	})
	if err != nil {
		return fmt.Errorf("keep pushed request: %w", s.fails(err))
	}
	return nil
}

// TakePushed uses up a pushed request of a client, on whichever node: the second time, after its time, and for
// another client it is fault.ErrNotFound. Another client's try does not use it up.
func (s *Store) TakePushed(ctx context.Context, realmKey, uri, clientKey string) (request string, err error) {
	err = s.db.Change(ctx, func(tx engine.Tx) error {
		return tx.One(ctx, `DELETE FROM pushed WHERE realm = $1 AND hash = $2 AND client = $3 AND until > $4 RETURNING doc`,
			[]any{realmKey, hashed(uri), clientKey, micros(s.now())}, &request)
	})
	if err = s.found(err); err != nil && !errors.Is(err, fault.ErrNotFound) {
		return "", fmt.Errorf("take pushed request: %w", err)
	}
	return request, err
}
