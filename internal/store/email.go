package store

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// claimEmail refuses an account whose e-mail address is to be its own, and is another's: *fault.Conflict. Accounts
// that claim one address at the same time, at whichever node, do so one after the other.
func claimEmail(ctx context.Context, tx engine.Tx, realmKey string, a *user.Account) error {
	email := strings.ToLower(a.User.Email)
	if !a.SoleEmail || email == "" {
		return nil
	}
	if err := tx.Lock(ctx, "email "+realmKey+" "+email); err != nil {
		return err
	}
	var other string
	err := tx.One(ctx, `SELECT id FROM users WHERE realm = $1 AND email = $2 AND id <> $3 LIMIT 1`, []any{realmKey, email, a.User.ID}, &other)
	if errors.Is(err, engine.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = &fault.Conflict{Kind: "user", Field: "email"}
	}
	return err
}
