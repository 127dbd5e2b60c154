package people

import (
	"context"
	"errors"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/flow/audit"
)

// EndOthers ends the sessions of a user but the one that they ask from, and tells the clients in them. Offline
// sessions stay, as in Keycloak.
func (s *Sessions) EndOthers(ctx context.Context, author audit.Author, r *realm.Realm, userID, except string) error {
	all, err := s.Of(ctx, r, session.Query{User: userID}, author.Now)
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.ID == except {
			continue
		}
		err := s.ending(ctx, author, r, session.Query{ID: other.ID}, func() error {
			return s.Store.CloseSession(ctx, r.Key, other.ID, false, nil)
		})
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return err
		}
	}
	return nil
}
