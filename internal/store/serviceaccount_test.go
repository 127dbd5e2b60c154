package store_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// TestEditClients changes a client and its service account together, or neither.
func TestEditClients(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		newAlice(t, s)
		edit := func(do func(*realm.Draft, user.ServiceAccounts) error) error {
			return s.EditClients(ctx, "shop", func(d *realm.Draft, accounts user.ServiceAccounts) ([]event.Admin, error) {
				return nil, do(d, accounts)
			})
		}
		account := user.User{ID: "robot-id", Username: "service-account-robot", ServiceAccount: "robot-key", Enabled: true}
		put := func(d *realm.Draft, accounts user.ServiceAccounts) error {
			d.PutClient(&realm.Client{Key: "robot-key", ID: "robot", Extra: realm.Extra{}})
			return accounts.Create(account)
		}
		taken := account
		taken.Username = "alice"
		err := edit(func(d *realm.Draft, accounts user.ServiceAccounts) error {
			d.PutClient(&realm.Client{Key: "robot-key", ID: "robot", Extra: realm.Extra{}})
			return accounts.Create(taken)
		})
		if !errors.Is(err, fault.ErrConflict) {
			t.Errorf("a name that is taken: %v", err)
		}
		r, err := s.Realm(ctx, "shop")
		must(t, err)
		if r.Client("robot") != nil {
			t.Error("the client is there without its account")
		}

		must(t, edit(put))
		must(t, edit(func(_ *realm.Draft, accounts user.ServiceAccounts) error {
			u, err := accounts.Of("robot-key")
			must(t, err)
			if u == nil || u.ID != "robot-id" {
				t.Fatalf("account: %+v", u)
			}
			must(t, accounts.Grant(u.ID, "welder"))
			must(t, accounts.Grant(u.ID, "welder"))
			return accounts.Rename(u.ID, "service-account-robot-2")
		}))
		u, err := s.ServiceAccount(ctx, shop, "robot-key")
		must(t, err)
		if u.Username != "service-account-robot-2" || !slices.Equal(u.Roles, []string{"welder"}) {
			t.Errorf("account is %+v", u)
		}

		must(t, s.StartSession(ctx, shop, session.Session{ID: "s", UserID: "robot-id", Started: at, LastAccess: at}, session.Grant{Session: "s", Client: "robot-key"}))
		must(t, edit(func(d *realm.Draft, accounts user.ServiceAccounts) error {
			d.Delete(realm.KindClient, "robot-key")
			return accounts.Delete("robot-id")
		}))
		if _, err := s.ServiceAccount(ctx, shop, "robot-key"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("the account is still there: %v", err)
		}
		if _, err := s.Session(ctx, shop, "s", false); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("its session is still there: %v", err)
		}
		must(t, edit(func(_ *realm.Draft, accounts user.ServiceAccounts) error {
			if u, err := accounts.Of("robot-key"); u != nil || err != nil {
				t.Errorf("account: %+v, %v", u, err)
			}
			return nil
		}))
		must(t, edit(put)) // nothing is in its way
	})
}

// TestEndGrants ends what one client holds, and nothing else.
func TestEndGrants(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		newAlice(t, s)
		for _, id := range []string{"s1", "s2", "s3"} {
			for _, client := range []string{"web", "app"} {
				must(t, s.StartSession(ctx, shop, session.Session{ID: id, UserID: "alice-id", Started: at, LastAccess: at, Offline: id == "s3"},
					session.Grant{Session: id, Client: client, Offline: id == "s3"}))
			}
		}
		must(t, s.EndGrants(ctx, shop, "web"))
		for _, id := range []string{"s1", "s2", "s3"} {
			if _, err := s.Grant(ctx, shop, id, "web", id == "s3"); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: the grant is still there: %v", id, err)
			}
			if _, err := s.Grant(ctx, shop, id, "app", id == "s3"); err != nil {
				t.Errorf("%s: another's is not: %v", id, err)
			}
		}
	})
}
