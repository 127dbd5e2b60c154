package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store/engine"
)

// userID names a user in the cache.
type userID struct{ realm, id string }

// alias is another way to name a user. The cache of aliases is a hint, checked against the user.
type alias struct {
	realm string
	by    string // the column
	value string
}

// cachedUser is a user with the groups as they were then.
type cachedUser struct {
	user   *user.User
	groups int64 // value of Store.groups
}

// User finds a user by id; fault.ErrNotFound. The user has Groups and no Extra, is shared, and must
// not be changed.
func (s *Store) User(ctx context.Context, realmKey, id string) (*user.User, error) {
	if err := s.confirmed(ctx); err != nil {
		return nil, err
	}
	key, groups := userID{realmKey, id}, s.groups.Load()
	if c, ok := s.users.get(key); ok && (c.groups == groups || len(c.user.GroupKeys) == 0) {
		return c.user, nil
	}
	c, err := s.users.load(key, func() (cachedUser, error) {
		u, err := s.readUser(ctx, realmKey, id)
		return cachedUser{u, groups}, err
	})
	return c.user, err
}

func (s *Store) readUser(ctx context.Context, realmKey, id string) (*user.User, error) {
	var doc []byte
	err := s.db.One(ctx, `SELECT doc FROM users WHERE realm = $1 AND id = $2`, []any{realmKey, id}, &doc)
	if err != nil {
		return nil, s.found(err)
	}
	u, err := parseUser(doc, nil)
	if err == nil && len(u.GroupKeys) > 0 {
		u.Groups, err = s.groupsOf(ctx, realmKey, id)
	}
	return &u, err
}

// How users are found by what is not their id. Each has an index.
const (
	byUsername       = `SELECT id FROM users WHERE realm = $1 AND username = $2`
	byEmail          = `SELECT id FROM users WHERE realm = $1 AND email = $2 ORDER BY username LIMIT 1`
	byServiceAccount = `SELECT id FROM users WHERE realm = $1 AND service_account = $2 ORDER BY username LIMIT 1`
)

// UserByName finds a user by username, in any case; as User.
func (s *Store) UserByName(ctx context.Context, realmKey, username string) (*user.User, error) {
	username = strings.ToLower(username)
	return s.userBy(ctx, alias{realmKey, "username", username}, byUsername,
		func(u *user.User) bool { return u.Username == username })
}

// UserByEmail finds a user by e-mail address, in any case, and the first by username where several
// have it; as User.
func (s *Store) UserByEmail(ctx context.Context, realmKey, email string) (*user.User, error) {
	email = strings.ToLower(email)
	if email == "" {
		return nil, fault.ErrNotFound
	}
	return s.userBy(ctx, alias{realmKey, "email", email}, byEmail,
		func(u *user.User) bool { return u.Email == email })
}

// ServiceAccount finds the service account of a client, by the client's key; as User.
func (s *Store) ServiceAccount(ctx context.Context, realmKey, clientKey string) (*user.User, error) {
	return s.userBy(ctx, alias{realmKey, "service_account", clientKey}, byServiceAccount,
		func(u *user.User) bool { return u.ServiceAccount == clientKey })
}

// byLink has an index: a link is one facet of a user.
const byLink = `SELECT user_id FROM user_facet WHERE realm = $1 AND facet = $2 LIMIT 2`

// UserByLink finds the user who is linked to an account at a provider; as User. *fault.Conflict where several are. That
// nobody else is linked since is asked each time, so the cache of aliases is not.
func (s *Store) UserByLink(ctx context.Context, realmKey, provider, subject string) (*user.User, error) {
	if provider == "" || subject == "" {
		return nil, fault.ErrNotFound // as facets these are of any provider, of anybody
	}
	f, found, id := linkFacet(provider, subject), 0, ""
	err := s.db.Each(ctx, byLink, []any{realmKey, f[:]}, func(scan engine.Scan) error {
		found++
		return scan(&id)
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("find user by link: %w", s.found(err))
	case found == 0:
		return nil, fault.ErrNotFound
	case found > 1:
		return nil, &fault.Conflict{Kind: "user", Field: "federatedIdentities"}
	}
	return s.User(ctx, realmKey, id)
}

func (s *Store) userBy(ctx context.Context, a alias, query string, has func(*user.User) bool) (*user.User, error) {
	if id, ok := s.names.get(a); ok {
		u, err := s.User(ctx, a.realm, id)
		if err == nil && has(u) {
			return u, nil
		}
		if err != nil && !errors.Is(err, fault.ErrNotFound) {
			return nil, err
		}
	}
	id, err := s.names.load(a, func() (id string, err error) {
		err = s.found(s.db.One(ctx, query, []any{a.realm, a.value}, &id))
		return id, err
	})
	if err != nil {
		return nil, err
	}
	return s.User(ctx, a.realm, id)
}

func parseUser(doc, extra []byte) (u user.User, err error) {
	if err = json.Unmarshal(doc, &u); err == nil {
		u.Extra, err = parseExtra(extra)
	}
	if err != nil {
		return u, fmt.Errorf("read user %s: %w", u.ID, err)
	}
	return u, nil
}
