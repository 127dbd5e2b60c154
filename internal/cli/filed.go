package cli

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/flow/broker"
	"github.com/tokenhouse/tokenhouse/internal/flow/manage"
	"github.com/tokenhouse/tokenhouse/internal/flow/people"
	"github.com/tokenhouse/tokenhouse/internal/flow/verify"
)

// filed are the realms of a realm file, and what is asked of a store where there is one. Nobody in it is locked, has
// credentials, or has tokens of providers: files do not say so, or it does not count for what is explained.
type filed []manage.Snapshot

func (f filed) outlook() broker.Outlook {
	return broker.Outlook{Realms: f, Kept: f, Users: f, Tokens: f, Now: time.Now, NewID: uuid.NewString}
}

func (f filed) obstacles() verify.Obstacles {
	return verify.Obstacles{Lockouts: f, Credentials: f, Duties: people.FreshRulebook(f)}
}

// of is a realm by its key.
func (f filed) of(realmKey string) manage.Snapshot {
	i := slices.IndexFunc(f, func(s manage.Snapshot) bool { return s.Realm.Key == realmKey })
	if i < 0 {
		return manage.Snapshot{}
	}
	return f[i]
}

func (f filed) Realm(_ context.Context, name string) (*realm.Realm, error) {
	for _, s := range f {
		if s.Realm.Name == name {
			return s.Realm, nil
		}
	}
	return nil, &fault.NotFound{Message: "the file holds no realm \"" + name + "\""}
}

func (f filed) Extra(_ context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error) {
	return manage.InMemory(f.of(realmKey).Realm)(kind, key)
}

func (f filed) Extras(ctx context.Context, realmKey string, kind realm.Kind, keys []string) (map[string]realm.Extra, error) {
	out := map[string]realm.Extra{}
	for _, key := range keys {
		extra, err := f.Extra(ctx, realmKey, kind, key)
		if err != nil {
			return nil, err
		}
		out[key] = extra
	}
	return out, nil
}

// one is the first user of a realm who is meant.
func (f filed) one(realmKey string, meant func(*user.User) bool) (*user.User, error) {
	users := f.of(realmKey).Users
	if i := slices.IndexFunc(users, meant); i >= 0 {
		return users[i], nil
	}
	return nil, fault.ErrNotFound
}

func (f filed) User(_ context.Context, realmKey, id string) (*user.User, error) {
	return f.one(realmKey, func(u *user.User) bool { return u.ID == id })
}

func (f filed) UserByName(_ context.Context, realmKey, username string) (*user.User, error) {
	return f.one(realmKey, func(u *user.User) bool { return strings.EqualFold(u.Username, username) })
}

func (f filed) UserByEmail(_ context.Context, realmKey, email string) (*user.User, error) {
	return f.one(realmKey, func(u *user.User) bool { return email != "" && strings.EqualFold(u.Email, email) })
}

func (f filed) ServiceAccount(_ context.Context, realmKey, clientKey string) (*user.User, error) {
	return f.one(realmKey, func(u *user.User) bool { return u.ServiceAccount == clientKey })
}

func (f filed) UserByLink(_ context.Context, realmKey, provider, subject string) (*user.User, error) {
	return f.one(realmKey, func(u *user.User) bool {
		return slices.ContainsFunc(u.Links, func(l user.Link) bool { return l.Provider == provider && l.Subject == subject })
	})
}

func (f filed) GroupByPath(_ context.Context, realmKey, path string) (*realm.Group, error) {
	for _, g := range f.of(realmKey).Groups {
		if g.Path == path {
			return g, nil
		}
	}
	return nil, fault.ErrNotFound
}

func (f filed) Lineage(_ context.Context, realmKey string, keys []string) ([]*realm.Group, error) {
	return f.of(realmKey).Lineage(keys), nil
}

func (f filed) ProviderToken(context.Context, string, string, string) ([]byte, error) {
	return nil, fault.ErrNotFound
}

func (f filed) Locked(context.Context, *realm.Realm, *user.User, time.Time) (user.Lock, error) {
	return user.Open, nil
}

func (f filed) Credentials(context.Context, string, string) ([]user.Credential, error) {
	return nil, nil
}
