package verify

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
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

// Logins finds users by what they sign in with.
type Logins interface {
	UserByName(ctx context.Context, realmKey, name string) (*user.User, error)
	UserByEmail(ctx context.Context, realmKey, email string) (*user.User, error)
}

// ByLogin is who signs in under a name, or under an e-mail address where the realm takes those; nil where nobody
// does. Whether the user is enabled is not looked at.
func ByLogin(ctx context.Context, users Logins, r *realm.Realm, login string) (*user.User, error) {
	if login == "" {
		return nil, nil
	}
	login = strings.ToLower(login)
	if r.LoginWithEmail && strings.Contains(login, "@") {
		if u, err := SignsIn(users.UserByEmail(ctx, r.Key, login)); u != nil || err != nil {
			return u, err
		}
	}
	return SignsIn(users.UserByName(ctx, r.Key, login))
}

// SignsIn is the user that was found, or nil where none was, or a service account: those do not sign in.
func SignsIn(u *user.User, err error) (*user.User, error) {
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case u.ServiceAccount != "":
		return nil, nil
	}
	return u, nil
}
