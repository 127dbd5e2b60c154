package store_test

import (
	"context"
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

func TestRealmIsReadAsItWasWritten(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		d := realm.New(shop, realm.Settings{Name: "shop", Enabled: true, SMTPPassword: "mail secret", ACR: map[string]int{"gold": 2}})
		d.PutClient(&realm.Client{Key: "web-key", ID: "web", Secret: "s1", RotatedSecret: "s0", RotatedUntil: at,
			Exchange: realm.ClientExchange{Permitted: &[]string{}}, DefaultScopes: []string{"scope-key"},
			Mappers: []realm.Mapper{{Key: "m", Name: "aud", Kind: "oidc-audience-mapper", Config: map[string]string{"a": "b"}}}})
		d.PutClient(&realm.Client{Key: "bare-key", ID: "bare"})
		d.PutScope(&realm.ClientScope{Key: "scope-key", Name: "orders"})
		d.PutRole(&realm.Role{Key: "role-key", Name: "admin", Composites: []string{"read-key"}})
		d.PutRole(&realm.Role{Key: "read-key", Name: "admin", Client: "web-key"})
		d.PutProvider(&realm.Provider{Key: "idp-key", Alias: "upstream", ClientSecret: "idp secret", Config: map[string]string{"x": "y"}})
		d.PutKey(&realm.KeyProvider{Key: "rsa-key", Name: "rsa", Private: []byte{0, 1, 2, 255}})
		want := contentsOf(d.Realm())
		must(t, s.CreateRealm(t.Context(), d, nil, nil, nil))
		same(t, want, contentsOf(theShop(t, s)))
		same(t, want, contentsOf(theShop(t, storetest.Open(t, url)))) // that is not in the memory of one node

		byKey, err := s.RealmByKey(t.Context(), shop)
		must(t, err)
		if byKey != theShop(t, s) {
			t.Error("by key and by name the realm is not the same snapshot")
		}
	})
}

func TestRealmThatIsNotThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		_, byName := s.Realm(ctx, "nowhere")
		_, byKey := s.RealmByKey(ctx, "nowhere")
		_, strange := s.Realm(ctx, "no\x00where\xff")
		_, extra := s.Extra(ctx, shop, realm.KindClient, "nothing")
		edited := s.Edit(ctx, "nowhere", func(*realm.Draft) ([]event.Admin, error) { panic("edits nothing") })
		deleted := s.DeleteRealm(ctx, "nowhere", nil)
		for what, err := range map[string]error{"Realm": byName, "RealmByKey": byKey, "a name no database holds": strange,
			"Extra": extra, "Edit": edited, "DeleteRealm": deleted} {
			if !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %v, want not found", what, err)
			}
		}
	})
}

func TestEdit(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		newShop(t, s)
		before := theShop(t, s)
		edit(t, s, func(d *realm.Draft) {
			d.PutClient(&realm.Client{Key: "api-key", ID: "api"})
			d.Delete(realm.KindClient, "web-key")
			settings := d.Realm().Settings
			settings.DefaultLocale = "de"
			d.PutSettings(settings)
		})
		after := theShop(t, s)
		if after.Client("api") == nil || after.Client("web") != nil {
			t.Error("the edit is not seen")
		}
		if before.Client("web") == nil {
			t.Error("a snapshot changed under its reader")
		}
		if after.Version <= before.Version {
			t.Errorf("version went from %d to %d", before.Version, after.Version)
		}
		same(t, contentsOf(after), contentsOf(theShop(t, storetest.Open(t, url))))
	})
}

func TestEditThatChangesNothingOrFailsWritesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		before := theShop(t, s)
		edit(t, s, func(*realm.Draft) {})
		failed := errors.New("no")
		err := s.Edit(t.Context(), "shop", func(d *realm.Draft) ([]event.Admin, error) {
			d.Delete(realm.KindClient, "web-key")
			return []event.Admin{{Realm: shop}}, failed
		})
		if err != failed {
			t.Errorf("Edit gave %v, not the edit's own error", err)
		}
		if theShop(t, s) != before {
			t.Error("the snapshot was replaced")
		}
		audit, err := s.AdminEvents(t.Context(), shop, event.AdminQuery{}, 0, -1)
		must(t, err)
		same(t, []event.Admin(nil), audit)
	})
}

func TestEditWritesItsAudit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		want := event.Admin{ID: "e1", Time: at, Realm: shop, Operation: "DELETE", ResourceType: "CLIENT", ResourcePath: "clients/web-key",
			Representation: "{}", Actor: event.Actor{Realm: "master-key", Client: "cli", UserID: "root", Address: "127.0.0.1"}}
		must(t, s.Edit(t.Context(), "shop", func(d *realm.Draft) ([]event.Admin, error) {
			d.Delete(realm.KindClient, "web-key")
			return []event.Admin{want}, nil
		}))
		got, err := s.AdminEvents(t.Context(), shop, event.AdminQuery{}, 0, -1)
		must(t, err)
		same(t, []event.Admin{want}, got)
	})
}

func TestExtraIsKeptUntilItIsReplaced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		newShop(t, s)
		extra := realm.Extra{"description": json.RawMessage(`"the <shop>"`)}
		put := func(x realm.Extra) func(*realm.Draft) {
			return func(d *realm.Draft) {
				c := *d.Realm().Client("web")
				c.Extra = x
				d.PutClient(&c)
			}
		}
		stored := func() realm.Extra {
			x, err := s.Extra(ctx, shop, realm.KindClient, "web-key")
			must(t, err)
			return x
		}
		edit(t, s, put(extra))
		same(t, extra, stored())
		if theShop(t, s).Client("web").Extra != nil {
			t.Error("the snapshot carries Extra")
		}
		edit(t, s, put(nil)) // as a draft made from a snapshot has it
		same(t, extra, stored())
		edit(t, s, func(d *realm.Draft) {
			x, err := d.LoadExtra(realm.KindClient, "web-key")
			must(t, err)
			same(t, extra, x)
		})
		edit(t, s, put(realm.Extra{}))
		same(t, realm.Extra{}, stored())
	})
}

func TestTakenNames(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		newShop(t, s)
		create := func(key, name string) error {
			return s.CreateRealm(ctx, realm.New(key, realm.Settings{Name: name}), nil, nil, nil)
		}
		put := func(change func(*realm.Draft)) error {
			return s.Edit(ctx, "shop", func(d *realm.Draft) ([]event.Admin, error) {
				change(d)
				return nil, nil
			})
		}
		must(t, create("other-key", "other"))
		for _, test := range []struct {
			what string
			err  error
			want fault.Conflict
		}{
			{"realm name", create("third-key", "shop"), fault.Conflict{Kind: "realm", Field: "name"}},
			{"realm key", create(shop, "third"), fault.Conflict{Kind: "realm", Field: "id"}},
			{"realm renamed", put(func(d *realm.Draft) { d.PutSettings(realm.Settings{Name: "other"}) }),
				fault.Conflict{Kind: "realm", Field: "name"}},
			{"client id", put(func(d *realm.Draft) { d.PutClient(&realm.Client{Key: "new", ID: "web"}) }),
				fault.Conflict{Kind: "client", Field: "name"}},
			{"scope twice in one edit", put(func(d *realm.Draft) {
				d.PutScope(&realm.ClientScope{Key: "a", Name: "same"})
				d.PutScope(&realm.ClientScope{Key: "b", Name: "same"})
			}), fault.Conflict{Kind: "clientscope", Field: "name"}},
		} {
			var got *fault.Conflict
			if !errors.As(test.err, &got) || !errors.Is(test.err, fault.ErrConflict) {
				t.Errorf("%s: %v, want a conflict", test.what, test.err)
			} else if *got != test.want {
				t.Errorf("%s: %+v, want %+v", test.what, *got, test.want)
			}
		}
		must(t, put(func(d *realm.Draft) { // a name that the same edit sets free is not taken
			d.PutClient(&realm.Client{Key: "new", ID: "web"})
			d.Delete(realm.KindClient, "web-key")
		}))
		must(t, put(func(d *realm.Draft) { // nor is one of another role's owner
			d.PutRole(&realm.Role{Key: "r1", Name: "admin"})
			d.PutRole(&realm.Role{Key: "r2", Name: "admin", Client: "new"})
		}))
	})
}

func TestParallelEditsQueue(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		nodes := []*store.Store{storetest.Open(t, url), storetest.Open(t, url)}
		newShop(t, nodes[0])
		const editors, edits = 8, 10
		var wg sync.WaitGroup
		for i := range editors {
			s := nodes[0]
			if s.Shared() {
				s = nodes[i%2]
			}
			wg.Go(func() {
				for j := range edits {
					err := s.Edit(t.Context(), "shop", func(d *realm.Draft) ([]event.Admin, error) {
						settings := d.Realm().Settings
						settings.NotBefore++ // is lost where edits overlap
						d.PutSettings(settings)
						d.PutRole(&realm.Role{Key: fmt.Sprint(i, ".", j), Name: fmt.Sprint(i, ".", j)})
						return nil, nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		r := theShop(t, storetest.Open(t, url)) // which no news has to reach
		if got := r.NotBefore; got != editors*edits {
			t.Errorf("%d of %d edits count", got, editors*edits)
		}
		if got := len(r.Roles()); got != editors*edits {
			t.Errorf("%d of %d roles are there", got, editors*edits)
		}
	})
}

func TestRenamedRealm(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		theShop(t, s)
		edit(t, s, func(d *realm.Draft) { d.PutSettings(realm.Settings{Name: "store"}) })
		if _, err := s.Realm(t.Context(), "shop"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("by its old name: %v, want not found", err)
		}
		r, err := s.Realm(t.Context(), "store")
		must(t, err)
		if r.Client("web") == nil {
			t.Error("it lost its client")
		}
		must(t, s.CreateRealm(t.Context(), realm.New("other", realm.Settings{Name: "shop"}), nil, nil, nil))
		if got := theShop(t, s).Key; got != "other" {
			t.Errorf("the old name leads to %s", got)
		}
		names, err := s.RealmNames(t.Context())
		must(t, err)
		same(t, []string{"shop", "store"}, names)
	})
}

// TestEditTogether changes two realms, or neither where one of the changes cannot be stored.
func TestEditTogether(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		must(t, s.CreateRealm(t.Context(), realm.New("other", realm.Settings{Name: "other"}), nil, nil, nil))
		change := func(locale, name string) error {
			return s.EditTogether(t.Context(), []string{"shop", "other"}, func(drafts []*realm.Draft) ([]event.Admin, error) {
				drafts[0].PutSettings(realm.Settings{Name: "shop", DefaultLocale: locale})
				drafts[1].PutSettings(realm.Settings{Name: name})
				return nil, nil
			})
		}
		must(t, change("first", "another"))
		before := theShop(t, s).Version
		must(t, second(s.Realm(t.Context(), "another")))
		if err := change("second", "shop"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a realm that is gone: %v", err)
		}
		must(t, s.Edit(t.Context(), "another", rename("other")))
		if err := change("second", "shop"); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("a name that is taken: %v", err)
		}
		if r := theShop(t, s); r.DefaultLocale != "first" || r.Version != before {
			t.Errorf("the shop is %q, version %d, want the first and %d", r.DefaultLocale, r.Version, before)
		}
	})
}

func TestDeletedRealmIsGoneWithAllThatIsInIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		newShop(t, s)
		addUser(t, s, "alice-id", "alice")
		must(t, s.PutGroup(ctx, shop, &realm.Group{Key: "g", Name: "staff"}, nil))
		startSession(t, s, "session", "alice-id")
		for _, read := range []func() error{
			func() error { _, err := s.UserByName(ctx, shop, "alice"); return err },
			func() error { _, err := s.Session(ctx, shop, "session", false); return err },
			func() error { _, err := s.Realm(ctx, "shop"); return err },
			func() error { _, err := s.RealmByKey(ctx, shop); return err },
		} {
			must(t, read()) // into the caches
			defer func() {
				if err := read(); !errors.Is(err, fault.ErrNotFound) {
					t.Errorf("%v, want not found", err)
				}
			}()
		}
		must(t, s.DeleteRealm(ctx, "shop", nil))
		groups, err := s.Groups(ctx, shop)
		must(t, err)
		same(t, []*realm.Group(nil), groups)
	})
}

func TestRealmMadeAgainWithTheSameKey(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s, other := storetest.Open(t, url), storetest.Open(t, url)
		newShop(t, s)
		theShop(t, other)
		must(t, s.DeleteRealm(t.Context(), "shop", nil))
		again := realm.New(shop, realm.Settings{Name: "shop"})
		again.PutClient(&realm.Client{Key: "web-key", ID: "renamed"})
		again.PutRole(&realm.Role{Key: "new-role", Name: "new"})
		must(t, s.CreateRealm(t.Context(), again, nil, nil, nil))
		same(t, contentsOf(again.Realm()), contentsOf(theShop(t, s)))
		eventually(t, "the other node has the realm that took the place", func() bool {
			return theShop(t, other).Client("renamed") != nil
		})
		same(t, contentsOf(again.Realm()), contentsOf(theShop(t, other)))
	})
}

func TestReplacedRealm(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		newShop(t, s)
		theShop(t, s)
		for _, key := range []string{shop, "another key"} {
			d := realm.New(key, realm.Settings{Name: "shop"})
			d.Replaces = shop
			d.PutClient(&realm.Client{Key: "c", ID: key})
			must(t, s.CreateRealm(ctx, d, nil, nil, nil))
			same(t, contentsOf(d.Realm()), contentsOf(theShop(t, s)))
		}
		d := realm.New("a third key", realm.Settings{Name: "shop"})
		d.Replaces = "another key"
		failed := errors.New("no")
		users := func(yield func(user.Account, error) bool) { yield(user.Account{}, failed) }
		if err := s.CreateRealm(ctx, d, nil, users, nil); !errors.Is(err, failed) {
			t.Errorf("%v, want the error of the users", err)
		}
		if got := theShop(t, s).Key; got != "another key" {
			t.Errorf("after an import that failed the realm is %q", got)
		}
	})
}

func TestImportWithUsersAndGroups(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		const many = 1300 // more than a batch and more than a page
		account := func(i int) user.Account {
			return user.Account{
				User: user.User{ID: fmt.Sprintf("id-%04d", i), Username: fmt.Sprintf("user-%04d", i), Created: at,
					Roles: []string{"r"}, GroupKeys: []string{"g"}, Extra: realm.Extra{"n": json.RawMessage(fmt.Sprint(i))}},
				Credentials: []user.Credential{{ID: "p", Kind: "password", Hash: []byte{byte(i)}}, {ID: "o", Kind: "otp", Secret: "s"}},
			}
		}
		users := func(yield func(user.Account, error) bool) {
			for i := range many {
				if !yield(account(i), nil) {
					return
				}
			}
		}
		groups := []*realm.Group{{Key: "g", Name: "staff", Extra: realm.Extra{"x": json.RawMessage("1")}}}
		must(t, s.CreateRealm(ctx, realm.New(shop, realm.Settings{Name: "shop"}), groups, users, nil))
		i := 0
		for a, err := range s.Users(ctx, shop) {
			must(t, err)
			same(t, account(i), a)
			i++
		}
		if i != many {
			t.Errorf("%d of %d users came back", i, many)
		}
		got, err := s.Groups(ctx, shop)
		must(t, err)
		groups[0].Path = "/staff"
		same(t, groups, got)
		for _, err := range s.Users(ctx, shop) {
			must(t, err)
			break // a reader may stop
		}
	})
}

func TestCancelledCallsGiveUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := s.Edit(ctx, "shop", func(d *realm.Draft) ([]event.Admin, error) {
			d.Delete(realm.KindClient, "web-key")
			return nil, nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Edit: %v, want cancelled", err)
		}
		if theShop(t, s).Client("web") == nil {
			t.Error("the edit happened")
		}
		if _, err := s.Groups(ctx, shop); !errors.Is(err, context.Canceled) {
			t.Errorf("Groups: %v, want cancelled", err)
		}
	})
}

// Whatever other nodes do, what a node reads bit by bit is what it would read at once.
func TestNodesAgree(t *testing.T) {
	url := storetest.Postgres(t)
	a, b := storetest.Open(t, url), storetest.OpenWith(t, store.Config{URL: url, PollOnly: true})
	newShop(t, a)
	theShop(t, b)
	keys := []string{"k1", "k2", "k3", "k4"}
	for i := range 40 {
		edit(t, a, func(d *realm.Draft) {
			key := keys[i%len(keys)]
			switch {
			case i%3 == 2:
				d.Delete(realm.KindClient, key)
			case i%7 == 0:
				d.PutRole(&realm.Role{Key: key, Name: fmt.Sprint("role", i)})
			default:
				d.PutClient(&realm.Client{Key: key, ID: fmt.Sprint("client ", i), Secret: fmt.Sprint(i)})
			}
		})
		if i%13 != 0 {
			continue
		}
		version := theShop(t, a).Version
		eventually(t, "the other node has the version", func() bool { return theShop(t, b).Version == version })
		same(t, contentsOf(theShop(t, a)), contentsOf(theShop(t, b)))
	}
	same(t, contentsOf(theShop(t, storetest.Open(t, url))), contentsOf(theShop(t, b)))
}
