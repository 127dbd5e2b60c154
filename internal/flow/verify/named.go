package verify

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Directory finds users by what callers call them.
type Directory interface {
	UserByName(ctx context.Context, realmKey, name string) (*user.User, error)
	User(ctx context.Context, realmKey, id string) (*user.User, error)
}

// Named is the user whom a request names, by user name or else by id; nil where there is none. Whether the user is
// enabled is not looked at.
func Named(ctx context.Context, users Directory, realmKey, name string) (*user.User, error) {
	if name == "" {
		return nil, nil
	}
	u, err := users.UserByName(ctx, realmKey, strings.ToLower(name))
	if errors.Is(err, fault.ErrNotFound) {
		u, err = users.User(ctx, realmKey, name)
	}
	if errors.Is(err, fault.ErrNotFound) {
		return nil, nil
	}
	return u, err
}
