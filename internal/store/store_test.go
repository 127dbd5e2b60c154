package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store"
)

// shop is the key of the realm that most tests are about, whose name is "shop".
const shop = "9f1c5b1e-0000-4000-8000-000000000001"

// at is when things happen in tests.
var at = time.Date(2026, 5, 1, 12, 0, 0, 123456000, time.UTC)

// newShop makes the realm with a client "web".
func newShop(t testing.TB, s *store.Store) {
	t.Helper()
	d := realm.New(shop, realm.Settings{Name: "shop", Enabled: true})
	d.PutClient(&realm.Client{Key: "web-key", ID: "web", Secret: "web secret"})
	must(t, s.CreateRealm(t.Context(), d, nil, nil, nil))
}

// addUser adds a user with nothing but a name to the shop.
func addUser(t testing.TB, s *store.Store, id, username string) {
	t.Helper()
	must(t, s.CreateUser(t.Context(), shop, user.Account{User: user.User{ID: id, Username: username}}, nil))
}

// edit edits the shop without an audit.
func edit(t testing.TB, s *store.Store, change func(d *realm.Draft)) {
	t.Helper()
	must(t, s.Edit(t.Context(), "shop", func(d *realm.Draft) ([]event.Admin, error) {
		change(d)
		return nil, nil
	}))
}

// theShop is the realm as the store has it now.
func theShop(t testing.TB, s *store.Store) *realm.Realm {
	t.Helper()
	r, err := s.Realm(t.Context(), "shop")
	must(t, err)
	return r
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// contents are everything in a realm, comparable.
type contents struct {
	Settings  realm.Settings
	Clients   []*realm.Client
	Scopes    []*realm.ClientScope
	Roles     []*realm.Role
	Providers []*realm.Provider
	Keys      []*realm.KeyProvider
}

func contentsOf(r *realm.Realm) contents {
	return contents{r.Settings, r.Clients(), r.Scopes(), r.Roles(), r.Providers(), r.Keys()}
}

// same fails the test where want and got differ; empty and missing lists are the same.
func same(t testing.TB, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("differs (-want +got):\n%s", diff)
	}
}

// eventually waits until a condition holds. It should take half a second at most; machines are busy.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	within(t, 10*time.Second, what, holds)
}

// within waits until a condition holds, and fails the test if it does not when asked after that time.
func within(t testing.TB, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) && !holds() {
			t.Fatalf("after %s it is still not so: %s", limit, what)
		}
	}
}
