package users

import (
	"context"
	"errors"
	"strings"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/web/admin/rest"
)

// lookup finds the id of the user that has a name of some kind; fault.ErrNotFound.
type lookup func(ctx context.Context, realmKey, name string) (id string, err error)

// searchedNames are what a search as "id:one two", "username:one two" or "email:one two" names, and how who is named
// is found; nil for any other search.
func (d Deps) searchedNames(r *rest.Request) (lookup, []string) {
	kind, names, _ := strings.Cut(r.URL.Query().Get("search"), ":")
	switch kind {
	case "id":
		return func(_ context.Context, _, id string) (string, error) { return id, nil }, strings.Fields(names)
	case "username":
		return idOf(d.Accounts.UserByName), strings.Fields(names)
	case "email":
		return idOf(d.Accounts.UserByEmail), strings.Fields(names)
	}
	return nil, nil
}

func idOf(find func(ctx context.Context, realmKey, name string) (*user.User, error)) lookup {
	return func(ctx context.Context, realmKey, name string) (string, error) {
		u, err := find(ctx, realmKey, name)
		if err != nil {
			return "", err
		}
		return u.ID, nil
	}
}

// named are those who have these names, in their order. Names that nobody has are passed over.
func (d Deps) named(r *rest.Request, by lookup, names []string) ([]user.Account, error) {
	var out []user.Account
	for _, name := range names {
		id, err := by(r.Context(), r.Realm.Key, name)
		var a user.Account
		if err == nil {
			a, err = d.Accounts.Account(r.Context(), r.Realm.Key, id)
		}
		if errors.Is(err, fault.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}
