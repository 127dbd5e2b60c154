package store_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

func alice() user.Account {
	return user.Account{
		User: user.User{ID: "alice-id", Username: "alice", Email: "alice@example.org", Enabled: true, Created: at,
			Attributes: map[string][]string{"team": {"a", "b"}}, Roles: []string{"role-1", "role-2"}, GroupKeys: []string{"night"},
			RequiredActions: []string{"UPDATE_PASSWORD"}, Consents: []user.Consent{{Client: "web-key", Created: at}},
			Extra: realm.Extra{"totp": json.RawMessage("false")}},
		Credentials: []user.Credential{
			{ID: "2", Kind: "password", Algorithm: "argon2", Iterations: 5, Salt: []byte{1}, Hash: []byte{2}, Created: at},
			{ID: "1", Kind: "otp", Data: "{}", Secret: "otp secret"},
		},
	}
}

// TestWithCredentials gives each of several users their own.
func TestWithCredentials(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newAlice(t, s)
		addUser(t, s, "bob-id", "bob")
		must(t, s.CreateUser(t.Context(), shop, user.Account{User: user.User{ID: "eve-id", Username: "eve"}, Credentials: []user.Credential{{ID: "3", Kind: "otp"}}}, nil))
		list, err := s.FindUsers(t.Context(), shop, user.Query{}, 0, -1)
		must(t, err)
		must(t, s.WithCredentials(t.Context(), shop, list))
		for i, want := range [][]user.Credential{alice().Credentials, nil, {{ID: "3", Kind: "otp"}}} {
			same(t, want, list[i].Credentials)
		}
		must(t, s.WithCredentials(t.Context(), shop, nil))
	})
}

// newAlice makes the shop with alice, who is in the group "night" below "staff".
func newAlice(t testing.TB, s *store.Store) {
	t.Helper()
	newShop(t, s)
	must(t, s.PutGroup(t.Context(), shop, &realm.Group{Key: "staff", Name: "staff", Roles: []string{"r"}}, nil))
	must(t, s.PutGroup(t.Context(), shop, &realm.Group{Key: "night", Parent: "staff", Name: "night shift",
		Extra: realm.Extra{"x": json.RawMessage("1")}}, nil))
	must(t, s.CreateUser(t.Context(), shop, alice(), nil))
}

func TestUserIsFoundByEveryName(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		newAlice(t, s)
		account := user.Account{User: user.User{ID: "sa-id", Username: "service-account-web", ServiceAccount: "web-key"}}
		must(t, s.CreateUser(ctx, shop, account, nil))

		want := alice().User
		want.Extra = nil
		want.Groups = []*realm.Group{{Key: "staff", Name: "staff", Path: "/staff", Roles: []string{"r"}},
			{Key: "night", Parent: "staff", Name: "night shift", Path: "/staff/night shift"}}
		for range 2 { // read, and from the cache
			for _, find := range []func() (*user.User, error){
				func() (*user.User, error) { return s.User(ctx, shop, "alice-id") },
				func() (*user.User, error) { return s.UserByName(ctx, shop, "ALICE") },
				func() (*user.User, error) { return s.UserByEmail(ctx, shop, "Alice@Example.org") },
			} {
				got, err := find()
				must(t, err)
				same(t, want, *got)
			}
			got, err := s.ServiceAccount(ctx, shop, "web-key")
			must(t, err)
			same(t, account.User, *got)
		}
		for what, err := range map[string]error{
			"id":              second(s.User(ctx, shop, "bob-id")),
			"username":        second(s.UserByName(ctx, shop, "bob")),
			"no text":         second(s.UserByName(ctx, shop, "bo\x00b\xff")),
			"email":           second(s.UserByEmail(ctx, shop, "bob@example.org")),
			"empty email":     second(s.UserByEmail(ctx, shop, "")),
			"service account": second(s.ServiceAccount(ctx, shop, "other-key")),
			"another realm":   second(s.User(ctx, "elsewhere", "alice-id")),
			"account":         second(s.Account(ctx, shop, "bob-id")),
		} {
			if !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %v, want not found", what, err)
			}
		}
	})
}

// TestUserIsFoundByLink: by provider and account there together, which several users may have from a realm file.
func TestUserIsFoundByLink(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newAlice(t, s)
		linked := func(id string, links ...user.Link) {
			must(t, s.CreateUser(t.Context(), shop, user.Account{User: user.User{ID: id, Username: id, Links: links}}, nil))
		}
		linked("ada", user.Link{Provider: "up", Subject: "1"}, user.Link{Provider: "down", Subject: "2"})
		linked("bea", user.Link{Provider: "up", Subject: "2"}, user.Link{Provider: "twice", Subject: "3"})
		linked("cat", user.Link{Provider: "twice", Subject: "3"})
		find := func(provider, subject string) (string, error) {
			u, err := s.UserByLink(t.Context(), shop, provider, subject)
			if err != nil {
				return "", err
			}
			return u.ID, nil
		}
		for _, q := range []struct{ provider, subject, want string }{{"up", "1", "ada"}, {"down", "2", "ada"}, {"up", "2", "bea"}} {
			got, err := find(q.provider, q.subject)
			must(t, err)
			same(t, q.want, got)
		}
		for _, q := range [][2]string{{"down", "1"}, {"up", ""}, {"", "1"}, {"up", "3"}, {"UP", "1"}} {
			if _, err := find(q[0], q[1]); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%q: %v, want not found", q, err)
			}
		}
		_, err := find("twice", "3")
		if _, several := errors.AsType[*fault.Conflict](err); !several {
			t.Errorf("linked to two: %v", err)
		}
		must(t, s.EditUser(t.Context(), shop, "ada", func(a *user.Account) ([]event.Admin, error) {
			a.User.Links = a.User.Links[1:]
			return nil, nil
		}))
		if got, err := find("up", "1"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("after the link is gone: %q, %v", got, err)
		}
	})
}

func TestAccountIsReadAsItWasWritten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newAlice(t, s)
		got, err := s.Account(t.Context(), shop, "alice-id")
		must(t, err)
		same(t, alice(), got)
		credentials, err := s.Credentials(t.Context(), shop, "alice-id")
		must(t, err)
		same(t, alice().Credentials, credentials)
	})
}

func TestEditUser(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s := storetest.Open(t, url)
		newAlice(t, s)
		must(t, second(s.UserByName(ctx, shop, "alice")))
		must(t, second(s.UserByEmail(ctx, shop, "alice@example.org")))
		must(t, s.EditUser(ctx, shop, "alice-id", func(a *user.Account) ([]event.Admin, error) {
			same(t, alice(), *a)
			a.User.Username, a.User.Email = "Alicia", ""
			a.User.Roles, a.User.GroupKeys = a.User.Roles[:1], nil
			a.User.Extra = nil
			a.Credentials = a.Credentials[:1]
			a.Credentials[0].Hash[0] = 9 // in place
			return []event.Admin{{ID: "e", Time: at, Realm: shop}}, nil
		}))
		want := alice()
		want.User.Username, want.User.Email = "alicia", ""
		want.User.Roles, want.User.GroupKeys = want.User.Roles[:1], nil
		want.Credentials = want.Credentials[:1]
		want.Credentials[0].Hash[0] = 9
		for _, node := range []*store.Store{s, storetest.Open(t, url)} {
			got, err := node.Account(ctx, shop, "alice-id")
			must(t, err)
			same(t, want, got)
			u, err := node.UserByName(ctx, shop, "alicia")
			must(t, err)
			if u.ID != "alice-id" || len(u.Groups) != 0 {
				t.Errorf("by the new name: %+v", u)
			}
			for what, err := range map[string]error{
				"old name":  second(node.UserByName(ctx, shop, "alice")),
				"old email": second(node.UserByEmail(ctx, shop, "alice@example.org")),
			} {
				if !errors.Is(err, fault.ErrNotFound) {
					t.Errorf("by the %s: %v, want not found", what, err)
				}
			}
		}
		audit, err := s.AdminEvents(ctx, shop, event.AdminQuery{}, 0, -1)
		must(t, err)
		if len(audit) != 1 {
			t.Errorf("%d admin events", len(audit))
		}
	})
}

func TestEditUserThatFails(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		newAlice(t, s)
		addUser(t, s, "bob-id", "bob")
		failed := errors.New("no")
		rename := func(err error) error {
			return s.EditUser(ctx, shop, "alice-id", func(a *user.Account) ([]event.Admin, error) {
				a.User.Username = "bob"
				return nil, err
			})
		}
		if err := rename(failed); !errors.Is(err, failed) {
			t.Errorf("%v, want the edit's error", err)
		}
		var taken *fault.Conflict
		if err := rename(nil); !errors.As(err, &taken) || taken.Kind != "user" || taken.Field != "username" {
			t.Errorf("%v, want a conflict of the username", err)
		}
		if err := s.EditUser(ctx, shop, "nobody", nil); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%v, want not found", err)
		}
		got, err := s.Account(ctx, shop, "alice-id")
		must(t, err)
		same(t, alice(), got)
	})
}

func TestParallelEditsOfAUserQueue(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newAlice(t, s)
		var wg sync.WaitGroup
		for i := range 30 {
			wg.Go(func() {
				err := s.EditUser(t.Context(), shop, "alice-id", func(a *user.Account) ([]event.Admin, error) {
					a.User.Roles = append(a.User.Roles, fmt.Sprint("new ", i))
					return nil, nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		u, err := s.User(t.Context(), shop, "alice-id")
		must(t, err)
		if len(u.Roles) != 32 {
			t.Errorf("%d roles of 32", len(u.Roles))
		}
	})
}

func TestTakenUsers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		newAlice(t, s)
		for _, test := range []struct {
			id, username, field string
		}{{"alice-id", "other", "id"}, {"other-id", "Alice", "username"}} {
			err := s.CreateUser(ctx, shop, user.Account{User: user.User{ID: test.id, Username: test.username}}, nil)
			var taken *fault.Conflict
			if !errors.As(err, &taken) || *taken != (fault.Conflict{Kind: "user", Field: test.field}) {
				t.Errorf("%v, want a conflict of the %s", err, test.field)
			}
		}
		err := s.CreateUser(ctx, "nowhere", user.Account{User: user.User{ID: "x", Username: "x"}}, nil)
		if !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("in a realm that is not there: %v, want not found", err)
		}
		// The same address twice is the realm's business.
		must(t, s.CreateUser(ctx, shop, user.Account{User: user.User{ID: "z", Username: "aaa", Email: "alice@example.org"}}, nil))
		u, err := s.UserByEmail(ctx, shop, "alice@example.org")
		must(t, err)
		if u.Username != "aaa" {
			t.Errorf("of two users with an address %q is found", u.Username)
		}
	})
}

func TestDeletedUserIsGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		newAlice(t, s)
		must(t, second(s.UserByName(ctx, shop, "alice")))
		must(t, s.DeleteUser(ctx, shop, "alice-id", nil))
		if err := s.DeleteUser(ctx, shop, "alice-id", nil); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("twice: %v, want not found", err)
		}
		if err := second(s.UserByName(ctx, shop, "alice")); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%v, want not found", err)
		}
		credentials, err := s.Credentials(ctx, shop, "alice-id")
		must(t, err)
		same(t, []user.Credential(nil), credentials)
		must(t, s.CreateUser(ctx, shop, alice(), nil))
	})
}

func TestChangesOfGroupsReachTheirUsers(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s, other := storetest.Open(t, url), storetest.Open(t, url)
		newAlice(t, s)
		paths := func(node *store.Store) string {
			u, err := node.User(ctx, shop, "alice-id")
			must(t, err)
			out := ""
			for _, g := range u.Groups {
				out += g.Path + ";"
			}
			return out
		}
		check := func(want string) {
			t.Helper()
			if got := paths(s); got != want {
				t.Errorf("groups %q, want %q", got, want)
			}
			eventually(t, "the other node has the groups "+want, func() bool { return paths(other) == want })
		}
		check("/staff;/staff/night shift;")
		must(t, s.PutGroup(ctx, shop, &realm.Group{Key: "staff", Name: "crew"}, nil))
		check("/crew;/crew/night shift;")
		must(t, s.PutGroup(ctx, shop, &realm.Group{Key: "night", Name: "night"}, nil))
		check("/night;")
		must(t, s.DeleteGroup(ctx, shop, "night", nil))
		check("")
	})
}

func TestGroups(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		newAlice(t, s)
		groups, err := s.Groups(ctx, shop)
		must(t, err)
		same(t, []*realm.Group{{Key: "staff", Name: "staff", Path: "/staff", Roles: []string{"r"}},
			{Key: "night", Parent: "staff", Name: "night shift", Path: "/staff/night shift", Extra: realm.Extra{"x": json.RawMessage("1")}}}, groups)

		var invalid *fault.Invalid
		for what, g := range map[string]*realm.Group{
			"its own parent":     {Key: "staff", Parent: "staff", Name: "staff"},
			"below what it owns": {Key: "staff", Parent: "night", Name: "staff"},
		} {
			if err := s.PutGroup(ctx, shop, g, nil); !errors.As(err, &invalid) {
				t.Errorf("%s: %v, want invalid", what, err)
			}
		}
		for what, err := range map[string]error{
			"parent":  s.PutGroup(ctx, shop, &realm.Group{Key: "x", Parent: "nothing", Name: "x"}, nil),
			"realm":   s.PutGroup(ctx, "nowhere", &realm.Group{Key: "x", Name: "x"}, nil),
			"deleted": s.DeleteGroup(ctx, shop, "nothing", nil),
		} {
			if !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %v, want not found", what, err)
			}
		}
		var taken *fault.Conflict
		err = s.PutGroup(ctx, shop, &realm.Group{Key: "x", Name: "staff"}, nil)
		if !errors.As(err, &taken) || *taken != (fault.Conflict{Kind: "group", Field: "name"}) {
			t.Errorf("%v, want a conflict of the name", err)
		}
		must(t, s.PutGroup(ctx, shop, &realm.Group{Key: "x", Parent: "night", Name: "staff"}, nil)) // elsewhere it is free
		must(t, s.DeleteGroup(ctx, shop, "staff", nil))
		groups, err = s.Groups(ctx, shop)
		must(t, err)
		same(t, []*realm.Group(nil), groups)
	})
}

func TestUserOfAnotherNode(t *testing.T) {
	url := storetest.Postgres(t)
	a, b := storetest.Open(t, url), storetest.Open(t, url)
	newAlice(t, a)
	must(t, second(b.User(t.Context(), shop, "alice-id")))
	must(t, a.EditUser(t.Context(), shop, "alice-id", func(acc *user.Account) ([]event.Admin, error) {
		acc.User.Enabled = false
		return nil, nil
	}))
	eventually(t, "the user is disabled on the other node", func() bool {
		u, err := b.User(t.Context(), shop, "alice-id")
		must(t, err)
		return !u.Enabled
	})
}
