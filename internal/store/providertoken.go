package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// providerTokenPlace tells sealed tokens of providers from other sealed values.
const providerTokenPlace = "provider token"

// KeepProviderToken keeps what an identity provider answered for a user, verbatim, in place of what was kept
// before. It goes with the user, and with the user's link to the provider. fault.ErrNotFound where there is no such
// user.
func (s *Store) KeepProviderToken(ctx context.Context, realmKey, userID, alias string, answer []byte) error {
	err := s.db.Change(ctx, func(tx engine.Tx) error {
		rows, err := tx.Exec(ctx, `INSERT INTO provider_token (realm, user_id, provider, sealed)
			SELECT u.realm, u.id, $3, $4 FROM users u WHERE u.realm = $1 AND u.id = $2
			ON CONFLICT (realm, user_id, provider) DO UPDATE SET sealed = excluded.sealed`,
			realmKey, userID, alias, s.key.Seal(answer, realmKey, providerTokenPlace, userID, alias))
		if err == nil && rows == 0 {
			err = fault.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("keep provider's token: %w", s.fails(err))
	}
	return nil
}

// ProviderToken is what KeepProviderToken kept; fault.ErrNotFound.
func (s *Store) ProviderToken(ctx context.Context, realmKey, userID, alias string) ([]byte, error) {
	var sealed []byte
	err := s.db.One(ctx, `SELECT sealed FROM provider_token WHERE realm = $1 AND user_id = $2 AND provider = $3`,
		[]any{realmKey, userID, alias}, &sealed)
	if err != nil {
		return nil, s.found(err)
	}
	plain, err := s.key.Open(sealed, realmKey, providerTokenPlace, userID, alias)
	if err != nil {
		return nil, fmt.Errorf("read provider's token: %w", err)
	}
	return plain, nil
}

// dropProviderTokens are the statements that forget the tokens of providers that a user is not linked to any more,
// or to another account of.
func dropProviderTokens(realmKey string, before, after *user.User) []engine.Statement {
	var out []engine.Statement
	for _, l := range before.Links {
		same := func(other user.Link) bool { return other.Provider == l.Provider && other.Subject == l.Subject }
		if !slices.ContainsFunc(after.Links, same) {
			out = append(out, engine.Statement{
				SQL:  `DELETE FROM provider_token WHERE realm = $1 AND user_id = $2 AND provider = $3`,
				Args: []any{realmKey, after.ID, l.Provider},
			})
		}
	}
	return out
}
