package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// killURL is set in the process that is to be killed.
const killURL = "TEST_KILL_URL"

func TestMain(m *testing.M) {
	if url := os.Getenv(killURL); url != "" {
		writeUntilKilled(url)
	}
	os.Exit(m.Run())
}

// Every write that was acknowledged is there after the process was killed, whenever that was.
func TestAcknowledgedWritesSurviveKill(t *testing.T) {
	runs := 5
	if storetest.IsLong() {
		runs = 100
	}
	for name, fresh := range map[string]func(testing.TB) string{"sqlite": storetest.File, "postgres": storetest.DurablePostgres} {
		t.Run(name, func(t *testing.T) {
			url := fresh(t)
			s, err := store.Open(t.Context(), store.Config{URL: url, MasterKey: storetest.MasterKey})
			must(t, err)
			newShop(t, s)
			must(t, s.Close())
			total := 0
			for range runs {
				total += checkAcknowledged(t, url, killed(t, url, rand.N(200*time.Millisecond)))
			}
			checkImports(t, url)
			if total == 0 {
				t.Error("nothing was written: the test shows nothing")
			}
			t.Logf("%d acknowledged writes in %d runs", total, runs)
		})
	}
}

// killed runs a process that writes, kills it some time after its first write, and gives what was
// acknowledged to it.
func killed(t *testing.T, url string, after time.Duration) []string {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), killURL+"="+url)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	var lines []string
	r := bufio.NewReader(out)
	for {
		line, err := r.ReadString('\n')
		if err != nil { // what stands before it was cut off
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			break
		}
		if lines = append(lines, strings.TrimSuffix(line, "\n")); len(lines) == 1 {
			time.AfterFunc(after, func() { _ = child.Process.Signal(syscall.SIGKILL) })
		}
	}
	if err := child.Wait(); child.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("the process was not killed: %v", err)
	}
	return lines
}

// checkAcknowledged looks for everything that was acknowledged.
func checkAcknowledged(t *testing.T, url string, lines []string) int {
	t.Helper()
	s, err := store.Open(t.Context(), store.Config{URL: url, MasterKey: storetest.MasterKey})
	must(t, err)
	defer func() { must(t, s.Close()) }()
	r := theShop(t, s)
	for _, line := range lines {
		kind, id, _ := strings.Cut(line, " ")
		if err := kinds[kind].find(t.Context(), s, r, id); err != nil {
			t.Errorf("%s %s was acknowledged and is not there: %v", kind, id, err)
		}
	}
	return len(lines)
}

// checkImports finds each realm whole that is there, and nothing left of those whose import was killed.
func checkImports(t *testing.T, url string) {
	t.Helper()
	s := storetest.OpenWith(t, store.Config{URL: url, Now: func() time.Time { return time.Now().Add(time.Hour) }})
	names, err := s.RealmNames(t.Context())
	must(t, err)
	for _, name := range names {
		if name == "shop" {
			continue
		}
		if n, err := s.CountUsers(t.Context(), name, user.Query{}); err != nil || n != manyUsers {
			t.Errorf("realm %s has %d of its %d users: %v", name, n, manyUsers, err)
		}
	}
	must(t, s.Sweep(t.Context(), time.Now().Add(time.Hour)))
	if left := s.Hidden(t); left != 0 {
		t.Errorf("%d hidden realms are left", left)
	}
}

// kinds are the writes of the test, and how each is found again.
var kinds = map[string]struct {
	write func(ctx context.Context, s *store.Store, id string) error
	find  func(ctx context.Context, s *store.Store, r *realm.Realm, id string) error
}{
	"user": {
		func(ctx context.Context, s *store.Store, id string) error {
			a := user.Account{User: user.User{ID: id, Username: id}, Credentials: []user.Credential{{ID: "c"}}}
			return s.CreateUser(ctx, shop, a, nil)
		},
		func(ctx context.Context, s *store.Store, _ *realm.Realm, id string) error {
			a, err := s.Account(ctx, shop, id)
			if err == nil && len(a.Credentials) != 1 {
				err = errors.New("without its credential")
			}
			return err
		},
	},
	"client": {
		func(ctx context.Context, s *store.Store, id string) error {
			return s.Edit(ctx, "shop", func(d *realm.Draft) ([]event.Admin, error) {
				d.PutClient(&realm.Client{Key: id, ID: id})
				return nil, nil
			})
		},
		func(_ context.Context, _ *store.Store, r *realm.Realm, id string) error {
			if r.Client(id) == nil {
				return errors.New("no such client")
			}
			return nil
		},
	},
	"refreshed": { // a session, and a grant in it that was refreshed
		func(ctx context.Context, s *store.Store, id string) error {
			g := aGrant(id, "web-key")
			if err := s.StartSession(ctx, shop, aSession(id, "alice"), g); err != nil {
				return err
			}
			next := g
			next.RefreshID = "second"
			return s.Refresh(ctx, shop, g, next)
		},
		func(ctx context.Context, s *store.Store, _ *realm.Realm, id string) error {
			g, err := s.Grant(ctx, shop, id, "web-key", false)
			if err == nil && g.RefreshID != "second" {
				err = errors.New("not refreshed")
			}
			return err
		},
	},
	"imported": {
		func(ctx context.Context, s *store.Store, id string) error {
			return s.CreateRealm(ctx, realm.New(id, realm.Settings{Name: id}), nil, crowd(manyUsers), nil)
		},
		func(ctx context.Context, s *store.Store, _ *realm.Realm, id string) error {
			return second(s.Realm(ctx, id))
		},
	},
	"ended": {
		func(ctx context.Context, s *store.Store, id string) error {
			if err := s.StartSession(ctx, shop, aSession(id, "alice"), aGrant(id, "web-key")); err != nil {
				return err
			}
			return s.EndSession(ctx, shop, id, false)
		},
		func(ctx context.Context, s *store.Store, _ *realm.Realm, id string) error {
			if _, err := s.Session(ctx, shop, id, false); err == nil {
				return errors.New("it goes on")
			}
			return nil
		},
	},
	"revoked": {
		func(ctx context.Context, s *store.Store, id string) error { return s.Revoke(ctx, shop, id, at) },
		func(ctx context.Context, s *store.Store, _ *realm.Realm, id string) error {
			if yes, err := s.Revoked(ctx, shop, id); err != nil || !yes {
				return fmt.Errorf("revoked %t: %w", yes, err)
			}
			return nil
		},
	},
	"used": {
		func(ctx context.Context, s *store.Store, id string) error {
			return second(s.UseOnce(ctx, shop, "code", id, at))
		},
		func(ctx context.Context, s *store.Store, _ *realm.Realm, id string) error {
			if first, err := s.UseOnce(ctx, shop, "code", id, at); err != nil || first {
				return fmt.Errorf("usable %t: %w", first, err)
			}
			return nil
		},
	},
}

// writeUntilKilled writes from many sides at once, and prints what was acknowledged.
func writeUntilKilled(url string) {
	ctx := context.Background()
	s, err := store.Open(ctx, store.Config{URL: url, MasterKey: storetest.MasterKey})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var out sync.Mutex
	for kind, k := range kinds {
		for range 4 {
			go func() {
				for {
					id := fmt.Sprintf("%016x", rand.Uint64())
					if err := k.write(ctx, s, id); err != nil {
						fmt.Fprintln(os.Stderr, err)
						os.Exit(1)
					}
					out.Lock()
					fmt.Println(kind, id)
					out.Unlock()
					s.Record(ctx, event.Event{Time: at, Realm: shop, Kind: event.Login})
				}
			}()
		}
	}
	time.Sleep(time.Minute) // whoever was to kill this is gone
	os.Exit(1)
}
