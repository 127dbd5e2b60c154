package manage

import (
	"context"
	"iter"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
)

// Store is all that this package keeps things in.
type Store interface {
	Configuration
	Documents
	People
}

// Configuration stores realms as a whole.
type Configuration interface {
	Realm(ctx context.Context, name string) (*realm.Realm, error)
	RealmByKey(ctx context.Context, key string) (*realm.Realm, error)
	RealmNames(ctx context.Context) ([]string, error)
	CreateRealm(ctx context.Context, d *realm.Draft, groups []*realm.Group, users iter.Seq2[user.Account, error], audit []event.Admin) error
	DeleteRealm(ctx context.Context, name string, audit []event.Admin) error
}

// Documents stores what a realm's configuration consists of.
type Documents interface {
	Edit(ctx context.Context, name string, edit func(*realm.Draft) ([]event.Admin, error)) error
	EditTogether(ctx context.Context, names []string, edit func([]*realm.Draft) ([]event.Admin, error)) error
	Extra(ctx context.Context, realmKey string, kind realm.Kind, key string) (realm.Extra, error)
}

// People stores users and groups.
type People interface {
	Users(ctx context.Context, realmKey string) iter.Seq2[user.Account, error]
	CreateUser(ctx context.Context, realmKey string, a user.Account, audit []event.Admin) error
	EditUser(ctx context.Context, realmKey, id string, edit func(*user.Account) ([]event.Admin, error)) error
	Groups(ctx context.Context, realmKey string) ([]*realm.Group, error)
	Group(ctx context.Context, realmKey, key string) (*realm.Group, error)
}
