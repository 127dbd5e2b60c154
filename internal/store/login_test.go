package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/login"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

func TestLogins(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, later := t.Context(), time.Now().Add(time.Hour)
		b := &login.Browser{ID: "browser", Tabs: []*login.Attempt{{Tab: "one", Code: "c1"}}}
		must(t, s.SaveLogin(ctx, shop, b, later))
		got, err := s.Login(ctx, shop, "browser")
		must(t, err)
		same(t, b, got)

		mine, theirs := *got, *got
		mine.Tabs = []*login.Attempt{{Tab: "one", Code: "c2"}}
		must(t, s.SaveLogin(ctx, shop, &mine, later))
		if err := s.SaveLogin(ctx, shop, &theirs, later); !errors.Is(err, fault.ErrStale) {
			t.Errorf("a second writer is told %v, want stale", err)
		}
		if err := s.SaveLogin(ctx, shop, &login.Browser{ID: "browser", Tabs: mine.Tabs}, later); !errors.Is(err, fault.ErrStale) {
			t.Errorf("a browser of the same id is told %v, want stale", err)
		}
		if _, err := s.Login(ctx, "other realm", "browser"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("another realm finds it: %v", err)
		}
		mine.Tabs = nil
		must(t, s.SaveLogin(ctx, shop, &mine, later))
		if _, err := s.Login(ctx, shop, "browser"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("without tabs it is still there: %v", err)
		}
	})
}

func TestOldLoginsAreGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), time.Now()
		b := &login.Browser{ID: "old", Tabs: []*login.Attempt{{Tab: "one"}}}
		must(t, s.SaveLogin(ctx, shop, b, now.Add(-time.Second)))
		if _, err := s.Login(ctx, shop, "old"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a sign-in that is too old is found: %v", err)
		}
		must(t, s.AddCode(ctx, shop, "code", session.Code{Expires: now.Add(-2 * time.Hour)}))
		must(t, s.Sweep(ctx, now.Add(time.Hour)))
		if _, err := s.TakeCode(ctx, shop, "code"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a code was not swept: %v", err)
		}
	})
}

func TestCodeIsTakenOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		code := session.Code{Session: "s", Client: "web-key", Nonce: "n", Expires: time.Now().Add(time.Minute).UTC()}
		must(t, s.AddCode(ctx, shop, "code", code))
		var won, stale int
		var mu sync.Mutex
		var running sync.WaitGroup
		for range 50 {
			running.Go(func() {
				got, err := s.TakeCode(ctx, shop, "code")
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					won++
				case errors.Is(err, fault.ErrStale):
					stale++
				default:
					t.Error(err)
				}
				same(t, code, got)
			})
		}
		running.Wait()
		if won != 1 || stale != 49 {
			t.Errorf("%d won and %d were told that they came second, want 1 and 49", won, stale)
		}
		if _, err := s.TakeCode(ctx, shop, "other"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a code that never was: %v", err)
		}
	})
}

func TestPushedRequestIsTakenOnceByItsClient(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s.AddPushed(ctx, shop, "urn:1", "web-key", "request", time.Now().Add(time.Minute)))
		if _, err := s.TakePushed(ctx, shop, "urn:1", "other-key"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("another client took it: %v", err)
		}
		got, err := s.TakePushed(ctx, shop, "urn:1", "web-key")
		must(t, err)
		same(t, "request", got)
		if _, err := s.TakePushed(ctx, shop, "urn:1", "web-key"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("it was taken twice: %v", err)
		}
		must(t, s.AddPushed(ctx, shop, "urn:2", "web-key", "request", time.Now().Add(-time.Second)))
		if _, err := s.TakePushed(ctx, shop, "urn:2", "web-key"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("one that is too old was taken: %v", err)
		}
	})
}

func TestRenewSession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ss := session.Session{ID: "s", UserID: "u", Started: at, LastAccess: at}
		if err := s.RenewSession(ctx, shop, ss); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a session that is not there was renewed: %v", err)
		}
		must(t, s.OpenSession(ctx, shop, ss, nil))
		ss.AuthTime, ss.LastAccess = at.Add(time.Minute), at.Add(time.Minute)
		must(t, s.RenewSession(ctx, shop, ss))
		got, err := s.Session(ctx, shop, "s", false)
		must(t, err)
		same(t, ss, *got)
	})
}
