package store

import (
	"context"

	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// FindUsers are the users that are asked for by username, with Extra and without credentials: max of
// them, or all where it is negative, after the first ones.
func (s *Store) FindUsers(ctx context.Context, realmKey string, q user.Query, first, max int) ([]user.Account, error) {
	var out []user.Account
	for a, err := range s.Users(ctx, realmKey) {
		if err != nil {
			return nil, err
		}
		if max >= 0 && len(out) >= max {
			break
		}
		if !q.Matches(&a.User) {
			continue
		}
		if first--; first < 0 {
			a.Credentials = nil
			out = append(out, a)
		}
	}
	return out, nil
}

// CountUsers is how many users are asked for.
func (s *Store) CountUsers(ctx context.Context, realmKey string, q user.Query) (int, error) {
	all, err := s.FindUsers(ctx, realmKey, q, 0, -1)
	return len(all), err
}
