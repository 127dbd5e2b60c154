package store

import (
	"context"
	"errors"
	"slices"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// claimLinks refuses an account whose new links are to be its own where one is another's: *fault.Conflict. Accounts
// that claim one link at the same time, at whichever node, do so one after the other.
func claimLinks(ctx context.Context, tx engine.Tx, realmKey string, before []user.Link, a *user.Account) error {
	if !a.SoleLinks {
		return nil
	}
	for _, l := range a.User.Links {
		if slices.Contains(before, l) {
			continue
		}
		if err := tx.Lock(ctx, "link "+realmKey+" "+l.Provider+" "+l.Subject); err != nil {
			return err
		}
		f := linkFacet(l.Provider, l.Subject)
		var other string
		err := tx.One(ctx, `SELECT user_id FROM user_facet WHERE realm = $1 AND facet = $2 AND user_id <> $3 LIMIT 1`,
			[]any{realmKey, f[:], a.User.ID}, &other)
		switch {
		case errors.Is(err, engine.ErrNoRows):
		case err != nil:
			return err
		default:
			return &fault.Conflict{Kind: "user", Field: "federatedIdentities"}
		}
	}
	return nil
}
