// Package realmtest reads realm files for tests of code that needs a realm and knows no store.
package realmtest

import (
	"iter"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/keycloak"
	"github.com/tokenhouse/tokenhouse/internal/keycloak/realmfile"
)

// Fixture is the realm of a file, with its users.
type Fixture struct {
	Draft    *realm.Draft // to change the realm
	Realm    *realm.Realm
	Groups   []*realm.Group
	Accounts []user.Account
}

// Load reads a realm file. ${base} in it is http://127.0.0.1:8080, and
// what has no id gets one that is the same each time.
func Load(t testing.TB, file string) *Fixture {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := Read(string(data))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return f
}

// Read reads the text of a realm file with one realm.
func Read(text string) (*Fixture, error) {
	lookup := func(name string) (string, bool) { return "http://127.0.0.1:8080", name == "base" }
	each := func(see func(index int, u keycloak.Object) error) ([]keycloak.Object, error) {
		return keycloak.ReadRealms(keycloak.Placeholders(strings.NewReader(text), lookup),
			func(_, i int, u keycloak.Object) error { return see(i, u) })
	}
	var mentions realmfile.Mentions
	realms, err := each(mentions.Add)
	if err != nil {
		return nil, err
	}
	contents, err := realmfile.Build(realms[0], &mentions, options())
	if err != nil {
		return nil, err
	}
	f := &Fixture{Draft: contents.Draft, Realm: contents.Draft.Realm(), Groups: contents.Groups}
	_, err = each(func(_ int, u keycloak.Object) error {
		p, err := contents.Person(u)
		f.Accounts = append(f.Accounts, p.Account)
		return err
	})
	f.Accounts = append(f.Accounts, contents.ServiceAccounts()...)
	for i := range f.Accounts {
		f.join(&f.Accounts[i].User)
	}
	return f, err
}

func options() realmfile.Options {
	n := 0
	return realmfile.Options{
		Now:       time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		NewID:     func() string { n++; return "id-" + strconv.Itoa(n) },
		NewSecret: func() string { return "secret" },
	}
}

// join fills in the user's groups and all above them, as a store does.
func (f *Fixture) join(u *user.User) {
	byKey := map[string]*realm.Group{}
	for _, g := range f.Groups {
		byKey[g.Key] = g
	}
	seen := map[string]bool{}
	for _, key := range u.GroupKeys {
		for g := byKey[key]; g != nil && !seen[g.Key]; g = byKey[g.Parent] {
			seen[g.Key] = true
			u.Groups = append(u.Groups, g)
		}
	}
}

// Users are the users as a store takes them.
func (f *Fixture) Users() iter.Seq2[user.Account, error] {
	return func(yield func(user.Account, error) bool) {
		for _, a := range f.Accounts {
			if !yield(a, nil) {
				return
			}
		}
	}
}

// User finds a user by name; service accounts are called service-account-<client_id>.
func (f *Fixture) User(t testing.TB, name string) *user.User {
	t.Helper()
	for i := range f.Accounts {
		if f.Accounts[i].User.Username == name {
			return &f.Accounts[i].User
		}
	}
	t.Fatalf("there is no user %s", name)
	return nil
}
