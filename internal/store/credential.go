package store

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// Credentials are a user's credentials in their order; none where there is no such user.
func (s *Store) Credentials(ctx context.Context, realmKey, userID string) ([]user.Credential, error) {
	return s.readCredentials(ctx, s.db, realmKey, userID)
}

func (s *Store) readCredentials(ctx context.Context, r engine.Reader, realmKey, userID string) ([]user.Credential, error) {
	var out []user.Credential
	err := s.eachCredential(ctx, r, `SELECT user_id, id, sealed FROM credential WHERE realm = $1 AND user_id = $2 ORDER BY place`,
		[]any{realmKey, userID}, func(_ string, c user.Credential) { out = append(out, c) })
	return out, err
}

// WithCredentials gives accounts that were read without them their credentials, in their order.
func (s *Store) WithCredentials(ctx context.Context, realmKey string, accounts []user.Account) error {
	for some := range slices.Chunk(accounts, pageSize) {
		ids, at := make([]string, len(some)), map[string]*user.Account{}
		for i := range some {
			ids[i] = some[i].User.ID
			at[ids[i]] = &some[i]
		}
		list, args := places(2, ids)
		err := s.eachCredential(ctx, s.db, `SELECT user_id, id, sealed FROM credential WHERE realm = $1 AND user_id IN (`+list+`) ORDER BY user_id, place`,
			append([]any{realmKey}, args...), func(userID string, c user.Credential) { at[userID].Credentials = append(at[userID].Credentials, c) })
		if err != nil {
			return fmt.Errorf("read credentials: %w", err)
		}
	}
	return nil
}

// eachCredential reads credentials by a query whose first argument is the realm. They are sealed
// whole: hashes too are worth stealing.
func (s *Store) eachCredential(ctx context.Context, r engine.Reader, query string, args []any, take func(userID string, c user.Credential)) error {
	return r.Each(ctx, query, args, func(scan engine.Scan) error {
		var userID, id string
		var sealed []byte
		if err := scan(&userID, &id, &sealed); err != nil {
			return err
		}
		var c user.Credential
		plain, err := s.key.Open(sealed, args[0].(string), "credential", userID, id)
		if err == nil {
			err = json.Unmarshal(plain, &c)
		}
		if err != nil {
			return fmt.Errorf("credential %s of user %s: %w", id, userID, err)
		}
		take(userID, c)
		return nil
	})
}

func (s *Store) credentialStatements(realmKey, userID string, credentials []user.Credential) ([]engine.Statement, error) {
	var out []engine.Statement
	for i, c := range credentials {
		plain, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		out = append(out, engine.Statement{
			SQL:  `INSERT INTO credential (realm, user_id, id, place, sealed) VALUES ($1, $2, $3, $4, $5)`,
			Args: []any{realmKey, userID, c.ID, int64(i), s.key.Seal(plain, realmKey, "credential", userID, c.ID)},
		})
	}
	return out, nil
}

// changedCredentials write all of a user's credentials anew if one of them changed.
func (s *Store) changedCredentials(realmKey, userID string, before, after []user.Credential) ([]engine.Statement, error) {
	old, err := json.Marshal(before)
	if err != nil {
		return nil, err
	}
	now, err := json.Marshal(after)
	if err != nil || bytes.Equal(old, now) {
		return nil, err
	}
	added, err := s.credentialStatements(realmKey, userID, after)
	return append([]engine.Statement{{
		SQL:  `DELETE FROM credential WHERE realm = $1 AND user_id = $2`,
		Args: []any{realmKey, userID},
	}}, added...), err
}
