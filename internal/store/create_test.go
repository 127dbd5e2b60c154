package store_test

import (
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// manyUsers are more than what goes in one transaction.
const manyUsers = 1100

// crowd are that many users.
func crowd(many int) iter.Seq2[user.Account, error] {
	return func(yield func(user.Account, error) bool) {
		for i := range many {
			u := user.User{ID: fmt.Sprintf("id-%04d", i), Username: fmt.Sprintf("user-%04d", i), Enabled: true, Roles: []string{"r"}}
			if !yield(user.Account{User: u}, nil) {
				return
			}
		}
	}
}

// during calls do between users, from the first one that is not among the first few on.
func during(users iter.Seq2[user.Account, error], do func(n int)) iter.Seq2[user.Account, error] {
	return func(yield func(user.Account, error) bool) {
		n := 0
		for a, err := range users {
			if n++; n > 500 {
				do(n)
			}
			if !yield(a, err) {
				return
			}
		}
	}
}

func usersOf(t testing.TB, s *store.Store, key string) int {
	t.Helper()
	n, err := s.CountUsers(t.Context(), key, user.Query{})
	must(t, err)
	return n
}

// buried waits until the rows of realms that are gone are gone too.
func buried(t testing.TB, s *store.Store) {
	t.Helper()
	eventually(t, "rows of realms that are gone are removed", func() bool { return s.Hidden(t) == 0 })
}

func TestLargeImportLetsOthersWriteAndShowsNothingBeforeItsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		users := during(crowd(manyUsers), func(n int) {
			if n%100 == 0 {
				addUser(t, s, fmt.Sprint(n), fmt.Sprint(n)) // it would wait for ever within a transaction
			}
			if n == 1000 {
				for name, find := range map[string]func() error{
					"by name":   func() error { return second(s.Realm(t.Context(), "big")) },
					"by key":    func() error { return second(s.RealmByKey(t.Context(), "big-key")) },
					"by hiding": func() error { return second(s.Realm(t.Context(), "/big-key")) },
				} {
					if err := find(); !errors.Is(err, fault.ErrNotFound) {
						t.Errorf("%s: %v, want not found", name, err)
					}
				}
				names, err := s.RealmNames(t.Context())
				must(t, err)
				same(t, []string{"shop"}, names)
			}
		})
		d := realm.New("big-key", realm.Settings{Name: "big"})
		d.PutClient(&realm.Client{Key: "c", ID: "web"})
		must(t, s.CreateRealm(t.Context(), d, nil, users, nil))
		r, err := s.Realm(t.Context(), "big")
		must(t, err)
		same(t, contentsOf(d.Realm()), contentsOf(r))
		if n := usersOf(t, s, r.Key); n != manyUsers || r.ID() != "big-key" {
			t.Errorf("realm %s has %d users", r.ID(), n)
		}
	})
}

func TestLargeRealmIsReplacedByOneWithItsKey(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s, other := storetest.Open(t, url), storetest.Open(t, url)
		for n := range 3 {
			d := realm.New(shop, realm.Settings{Name: "shop"})
			d.PutClient(&realm.Client{Key: "c", ID: fmt.Sprint("web-", n)})
			users := crowd(manyUsers + n)
			if n > 0 {
				d.Replaces = theShop(t, other).Key
				users = during(users, func(i int) {
					if i == 1000 && (theShop(t, s).Client(fmt.Sprint("web-", n-1)) == nil || usersOf(t, s, d.Replaces) != manyUsers+n-1) {
						t.Error("the former realm is not whole while the next is imported")
					}
				})
			}
			must(t, s.CreateRealm(t.Context(), d, nil, users, nil))
			eventually(t, "the other node has the realm", func() bool { return theShop(t, other).Client(fmt.Sprint("web-", n)) != nil })
			r := theShop(t, s)
			same(t, contentsOf(d.Realm()), contentsOf(r))
			if got := usersOf(t, s, r.Key); got != manyUsers+n || r.ID() != shop {
				t.Errorf("realm %s has %d users", r.ID(), got)
			}
			edit(t, s, func(d *realm.Draft) { d.PutRole(&realm.Role{Key: "r", Name: "r"}) })
			if r := theShop(t, s); r.ID() != shop {
				t.Errorf("after an edit the realm's id is %s", r.ID())
			}
		}
		buried(t, s)
	})
}

func TestLargeImportThatFailsLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		failed := errors.New("no")
		broken := func(yield func(user.Account, error) bool) {
			for a := range crowd(manyUsers) {
				if !yield(a, nil) {
					return
				}
			}
			yield(user.Account{}, failed)
		}
		doubled := func(yield func(user.Account, error) bool) {
			for a := range crowd(manyUsers) {
				if !yield(a, nil) {
					return
				}
			}
			yield(user.Account{User: user.User{ID: "another", Username: "user-0001"}}, nil)
		}
		for what, test := range map[string]struct {
			users iter.Seq2[user.Account, error]
			want  error
		}{"an error of the source": {broken, failed}, "a name twice": {doubled, fault.ErrConflict}} {
			d := realm.New("next", realm.Settings{Name: "shop"})
			d.Replaces = shop
			if err := s.CreateRealm(t.Context(), d, nil, test.users, nil); !errors.Is(err, test.want) {
				t.Errorf("%s: %v, want %v", what, err, test.want)
			}
		}
		taken := realm.New("next", realm.Settings{Name: "shop"})
		asked := false
		err := s.CreateRealm(t.Context(), taken, nil, during(crowd(manyUsers), func(int) { asked = true }), nil)
		if !errors.Is(err, fault.ErrConflict) || asked {
			t.Errorf("a name that is taken: %v, found out late: %t", err, asked)
		}
		if got := theShop(t, s).Key; got != shop {
			t.Errorf("the realm is %s", got)
		}
		buried(t, s)
		must(t, s.CreateRealm(t.Context(), realm.New("next", realm.Settings{Name: "next"}), nil, crowd(manyUsers), nil))
	})
}

func TestImportThatWasTakenForDeadFails(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		users := during(crowd(manyUsers), func(n int) {
			if n == 1000 {
				must(t, s.Sweep(t.Context(), time.Now().Add(time.Hour)))
			}
		})
		if err := s.CreateRealm(t.Context(), realm.New("big", realm.Settings{Name: "big"}), nil, users, nil); err == nil {
			t.Error("an import whose rows are gone succeeded")
		}
		if err := second(s.Realm(t.Context(), "big")); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%v, want not found", err)
		}
		buried(t, s)
	})
}

func TestLargeRealmIsHiddenAtOnceWhenDeleted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for range 3 { // with the same key each time, whether or not its rows are gone yet
			must(t, s.CreateRealm(t.Context(), realm.New(shop, realm.Settings{Name: "shop"}), nil, crowd(manyUsers), nil))
			r := theShop(t, s)
			if n := usersOf(t, s, r.Key); n != manyUsers || r.ID() != shop {
				t.Errorf("realm %s has %d users", r.ID(), n)
			}
			must(t, s.DeleteRealm(t.Context(), "shop", nil))
			for _, find := range []func() error{
				func() error { return second(s.Realm(t.Context(), "shop")) },
				func() error { return second(s.RealmByKey(t.Context(), r.Key)) },
				func() error { return s.DeleteRealm(t.Context(), "shop", nil) },
			} {
				if err := find(); !errors.Is(err, fault.ErrNotFound) {
					t.Errorf("%v, want not found", err)
				}
			}
		}
		buried(t, s)
	})
}

func TestRealmCannotBeRenamedToOneThatIsThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		must(t, s.CreateRealm(t.Context(), realm.New("other", realm.Settings{Name: "other"}), nil, nil, nil))
		err := s.Edit(t.Context(), "other", rename("shop"))
		if !errors.Is(err, fault.ErrConflict) {
			t.Errorf("%v, want a conflict", err)
		}
		must(t, s.Edit(t.Context(), "other", rename("another")))
	})
}

func rename(name string) func(*realm.Draft) ([]event.Admin, error) {
	return func(d *realm.Draft) ([]event.Admin, error) {
		d.PutSettings(realm.Settings{Name: name})
		return nil, nil
	}
}
