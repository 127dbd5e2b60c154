package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/seal"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// A client that is disabled on one node is seen so by another within a second, also where no
// notification arrives.
func TestClientDisabledOnAnotherNode(t *testing.T) {
	for name, pollOnly := range map[string]bool{"notified": false, "polling": true} {
		t.Run(name, func(t *testing.T) {
			url := storetest.Postgres(t)
			a := storetest.Open(t, url)
			b := storetest.OpenWith(t, store.Config{URL: url, PollOnly: pollOnly})
			newShop(t, a)
			for _, enabled := range []bool{true, false, true, false} {
				edit(t, a, func(d *realm.Draft) {
					c := *d.Realm().Client("web")
					c.Enabled = enabled
					d.PutClient(&c)
				})
				within(t, time.Second, "the other node sees it", func() bool { return theShop(t, b).Client("web").Enabled == enabled })
			}
		})
	}
}

// A node that cannot reach its database must not answer from what it remembers.
func TestNodeThatIsCutOffRefusesToAnswer(t *testing.T) {
	url := storetest.Postgres(t)
	s := storetest.Open(t, url)
	newShop(t, s)
	theShop(t, s)
	addUser(t, s, "alice", "alice")
	must(t, second(s.User(t.Context(), shop, "alice")))

	name := url[strings.LastIndex(url, "/")+1 : strings.Index(url, "?")]
	admin, err := pgx.Connect(t.Context(), strings.Replace(url, "/"+name, "/postgres", 1))
	must(t, err)
	defer admin.Close(t.Context())
	allow := func(yes string) {
		t.Helper()
		must(t, second(admin.Exec(t.Context(), "ALTER DATABASE "+name+" ALLOW_CONNECTIONS "+yes)))
		must(t, second(admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)))
	}
	allow("false")
	for what, read := range map[string]func() error{
		"realm":   func() error { return second(s.Realm(t.Context(), "shop")) },
		"user":    func() error { return second(s.User(t.Context(), shop, "alice")) },
		"revoked": func() error { return second(s.Revoked(t.Context(), shop, "jti")) },
	} {
		within(t, time.Second, what+" is refused", func() bool { return read() != nil })
	}
	allow("true")
	eventually(t, "it answers again", func() bool { return second(s.Realm(t.Context(), "shop")) == nil })
}

// Who can write to the database must not be able to make one secret stand in for another.
func TestTamperedSecretIsRefused(t *testing.T) {
	for what, tamper := range map[string]string{
		"moved to another client": `UPDATE config SET sealed = (SELECT sealed FROM config WHERE id = 'other-key') WHERE id = 'web-key'`,
		"cut off":                 `UPDATE config SET sealed = substr(sealed, 1, 20) WHERE id = 'web-key'`,
	} {
		t.Run(what, func(t *testing.T) {
			file := storetest.File(t)
			s := storetest.Open(t, file)
			newShop(t, s)
			edit(t, s, func(d *realm.Draft) {
				d.PutClient(&realm.Client{Key: "other-key", ID: "other", Secret: "other secret"})
			})
			db, err := sql.Open("sqlite", strings.TrimPrefix(file, "sqlite:"))
			must(t, err)
			defer db.Close()
			must(t, second(db.Exec(tamper)))
			eventually(t, "the realm is refused", func() bool {
				_, err := s.Realm(t.Context(), "shop")
				return errors.Is(err, seal.ErrBroken)
			})
		})
	}
}

// What another node has committed is there, without waiting for the news to come.
func TestLatestRealmOfAnotherNode(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		a := storetest.OpenWith(t, store.Config{URL: url, PollOnly: true})
		newShop(t, a)
		b := a
		if a.Shared() {
			b = storetest.OpenWith(t, store.Config{URL: url, PollOnly: true})
		}
		theShop(t, b)
		for i := range 20 {
			edit(t, a, func(d *realm.Draft) { d.PutRole(&realm.Role{Key: "r", Name: fmt.Sprint(i)}) })
			r, err := b.Latest(t.Context(), shop)
			must(t, err)
			if r.Role(realm.RoleRef{Name: fmt.Sprint(i)}) == nil {
				t.Fatalf("edit %d is not there yet", i)
			}
		}
		if _, err := b.Latest(t.Context(), "nowhere"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%v, want not found", err)
		}
	})
}
