package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// aSession is a session of the shop, in which aGrant is the grant of a client.
func aSession(id, userID string) session.Session {
	return session.Session{ID: id, UserID: userID, Username: "alice", Started: at, LastAccess: at, AuthTime: at,
		Method: "openid-connect", Address: "127.0.0.1", Notes: map[string]string{"acr": "1"}}
}

func aGrant(sessionID, client string) session.Grant {
	return session.Grant{Session: sessionID, Client: client, Started: at, LastAccess: at, Scope: "openid", Method: "password",
		RefreshID: "first", Sources: map[string]string{"spa": "jti"}, Notes: map[string]string{"nonce": "n"}}
}

func startSession(t testing.TB, s *store.Store, id, userID string) {
	t.Helper()
	must(t, s.StartSession(t.Context(), shop, aSession(id, userID), aGrant(id, "web-key")))
}

func TestSession(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s := storetest.Open(t, url)
		startSession(t, s, "sid", "alice")
		for _, node := range []*store.Store{s, storetest.Open(t, url)} {
			for range 2 { // read, and from the cache
				ss, err := node.Session(ctx, shop, "sid", false)
				must(t, err)
				same(t, aSession("sid", "alice"), *ss)
				g, err := node.Grant(ctx, shop, "sid", "web-key", false)
				must(t, err)
				same(t, aGrant("sid", "web-key"), *g)
				g, err = node.Granted(ctx, shop, "sid", "web-key", false)
				must(t, err)
				same(t, aGrant("sid", "web-key"), *g)
			}
			for what, err := range map[string]error{
				"offline session":   second(node.Session(ctx, shop, "sid", true)),
				"other realm":       second(node.Session(ctx, "elsewhere", "sid", false)),
				"unknown session":   second(node.Session(ctx, shop, "other", false)),
				"offline grant":     second(node.Grant(ctx, shop, "sid", "web-key", true)),
				"unknown client":    second(node.Grant(ctx, shop, "sid", "other", false)),
				"grant elsewhere":   second(node.Granted(ctx, "elsewhere", "sid", "web-key", false)),
				"grant of a client": second(node.Granted(ctx, shop, "sid", "other", false)),
			} {
				if !errors.Is(err, fault.ErrNotFound) {
					t.Errorf("%s: %v, want not found", what, err)
				}
			}
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestOfflineSessionLivesBesideItsOnlineOne(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		startSession(t, s, "sid", "alice")
		offline, grant := aSession("sid", "alice"), aGrant("sid", "web-key")
		offline.Offline, grant.Offline = true, true
		must(t, s.StartSession(ctx, shop, offline, grant))
		grant.Client = "api-key" // another client joins the offline session later
		later := offline
		later.Started, later.LastAccess = at.Add(time.Minute), at.Add(time.Minute)
		must(t, s.StartSession(ctx, shop, later, grant))
		must(t, s.EndSession(ctx, shop, "sid", false))

		got, err := s.Session(ctx, shop, "sid", true)
		must(t, err)
		offline.LastAccess = later.LastAccess
		same(t, offline, *got)
		grants, err := s.Grants(ctx, shop, "sid", true)
		must(t, err)
		if len(grants) != 2 {
			t.Errorf("the offline session has %d grants", len(grants))
		}
	})
}

func TestEndedSessionIsGone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		startSession(t, s, "sid", "alice")
		must(t, second(s.Session(ctx, shop, "sid", false)))
		must(t, s.EndSession(ctx, shop, "sid", false))
		must(t, s.EndSession(ctx, shop, "sid", false)) // it is gone already
		prev, next := aGrant("sid", "web-key"), aGrant("sid", "web-key")
		next.RefreshID = "second"
		for what, err := range map[string]error{
			"session": second(s.Session(ctx, shop, "sid", false)),
			"grant":   second(s.Grant(ctx, shop, "sid", "web-key", false)),
			"granted": second(s.Granted(ctx, shop, "sid", "web-key", false)),
			"refresh": s.Refresh(ctx, shop, prev, next),
			"add":     s.AddGrant(ctx, shop, next),
		} {
			if !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %v, want not found", what, err)
			}
		}
	})
}

func TestSessionEndsWithItsLastGrant(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		startSession(t, s, "sid", "alice")
		must(t, s.AddGrant(ctx, shop, aGrant("sid", "api-key")))
		must(t, s.AddGrant(ctx, shop, aGrant("sid", "spa-key")))
		must(t, s.DropGrant(ctx, shop, "sid", "spa-key", false, time.Now()))
		for _, step := range []struct {
			client string
			ended  bool
		}{{"unknown", false}, {"web-key", false}, {"api-key", true}, {"api-key", false}} {
			ended, err := s.EndGrant(ctx, shop, "sid", step.client, false, time.Now())
			must(t, err)
			if ended != step.ended {
				t.Errorf("ending the grant of %s: session ended %t, want %t", step.client, ended, step.ended)
			}
			if err := second(s.Granted(ctx, shop, "sid", step.client, false)); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("the grant of %s stands: %v", step.client, err)
			}
		}
		if err := second(s.Session(ctx, shop, "sid", false)); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("the session stands: %v", err)
		}
	})
}

func TestDroppedGrantLeavesItsSession(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		startSession(t, s, "sid", "alice")
		must(t, s.DropGrant(ctx, shop, "sid", "web-key", false, time.Now()))
		must(t, second(s.Session(ctx, shop, "sid", false)))
		if err := second(s.Granted(ctx, shop, "sid", "web-key", false)); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("the grant stands: %v", err)
		}
	})
}

// What a client held is remembered as taken back for as long as the session is kept, but not where an exchange of it
// is undone alone.
func TestWhatWasTakenBackIsRemembered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, at := t.Context(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		startSession(t, s, "sid", "alice")
		must(t, s.AddGrant(ctx, shop, aGrant("sid", "api-key")))
		must(t, s.AddGrant(ctx, shop, aGrant("sid", "spa-key")))
		must(t, s.UndoGrant(ctx, shop, "sid", "spa-key", false))
		must(t, second(s.EndGrant(ctx, shop, "sid", "api-key", false, at)))
		must(t, s.DropGrant(ctx, shop, "sid", "web-key", false, at))
		must(t, s.DropGrant(ctx, shop, "sid", "web-key", false, at.Add(-time.Hour)))
		ss, err := s.Session(ctx, shop, "sid", false)
		must(t, err)
		if diff := cmp.Diff(map[string]time.Time{"api-key": at, "web-key": at}, ss.Ended); diff != "" {
			t.Errorf("taken back (-want +got):\n%s", diff)
		}
		must(t, s.EndSession(ctx, shop, "sid", false))
		startSession(t, s, "sid", "alice")
		ss, err = s.Session(ctx, shop, "sid", false)
		must(t, err)
		if len(ss.Ended) != 0 {
			t.Errorf("another session of the id begins with %v", ss.Ended)
		}
	})
}

func TestGrantsEndedAtOnceEndTheirSession(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		a := storetest.Open(t, url)
		b := a
		if a.Shared() {
			b = storetest.Open(t, url)
		}
		for i := range 20 {
			id := fmt.Sprint("sid", i)
			startSession(t, a, id, "alice")
			must(t, a.AddGrant(t.Context(), shop, aGrant(id, "api-key")))
			var ended atomic.Int32
			end := func(s *store.Store, client string) func() {
				return func() {
					last, err := s.EndGrant(t.Context(), shop, id, client, false, time.Now())
					if err != nil {
						t.Error(err)
					}
					if last {
						ended.Add(1)
					}
				}
			}
			var wg sync.WaitGroup
			wg.Go(end(a, "web-key"))
			wg.Go(end(b, "api-key"))
			wg.Wait()
			if ended.Load() != 1 {
				t.Errorf("the session ended %d times", ended.Load())
			}
		}
	})
}

// What a client holds already is not replaced by what somebody makes who did not know of it.
func TestGrantIsAddedOnce(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		a := storetest.Open(t, url)
		b := a
		if a.Shared() {
			b = storetest.Open(t, url)
		}
		startSession(t, a, "sid", "alice")
		var added, stale atomic.Int32
		var wg sync.WaitGroup
		for i, s := range []*store.Store{a, b, a, b} {
			wg.Go(func() {
				g := aGrant("sid", "api-key")
				g.RefreshID = fmt.Sprint("of ", i)
				switch err := s.AddGrant(t.Context(), shop, g); {
				case err == nil:
					added.Add(1)
				case errors.Is(err, fault.ErrStale):
					stale.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if added.Load() != 1 || stale.Load() != 3 {
			t.Errorf("%d were added and %d were stale", added.Load(), stale.Load())
		}
	})
}

func TestRefresh(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		startSession(t, s, "sid", "alice")
		first := aGrant("sid", "web-key")
		next := first
		next.RefreshID, next.LastAccess, next.Scope = "second", at.Add(time.Minute), "openid profile"
		must(t, s.Refresh(ctx, shop, first, next))
		g, err := s.Grant(ctx, shop, "sid", "web-key", false)
		must(t, err)
		same(t, next, *g)
		ss, err := s.Session(ctx, shop, "sid", false)
		must(t, err)
		if !ss.LastAccess.Equal(next.LastAccess) {
			t.Errorf("the session was last used at %s", ss.LastAccess)
		}

		again := next
		again.LastAccess = at.Add(time.Hour)
		if err := s.Refresh(ctx, shop, first, again); !errors.Is(err, fault.ErrStale) {
			t.Errorf("refresh with what was replaced: %v, want stale", err)
		}
		ss, err = s.Session(ctx, shop, "sid", false)
		must(t, err)
		if !ss.LastAccess.Equal(next.LastAccess) {
			t.Errorf("a refresh that was refused kept the session alive until %s", ss.LastAccess)
		}
		reused := next
		reused.RefreshUses = 1
		must(t, s.Refresh(ctx, shop, next, reused))
		if err := s.Refresh(ctx, shop, next, reused); !errors.Is(err, fault.ErrStale) {
			t.Errorf("refresh with fewer uses: %v, want stale", err)
		}
	})
}

// A refresh token that is used on two nodes at the same moment is redeemed once.
func TestRefreshOnTwoNodes(t *testing.T) {
	url := storetest.Postgres(t)
	nodes := []*store.Store{storetest.Open(t, url), storetest.Open(t, url)}
	startSession(t, nodes[0], "sid", "alice")
	prev := aGrant("sid", "web-key")
	for round := range 30 {
		next := prev
		next.RefreshID = fmt.Sprint("round ", round)
		var won, stale atomic.Int32
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				switch err := nodes[i%2].Refresh(t.Context(), shop, prev, next); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, fault.ErrStale):
					stale.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 || stale.Load() != 7 {
			t.Fatalf("%d won and %d were stale", won.Load(), stale.Load())
		}
		for _, node := range nodes {
			g, err := node.Grant(t.Context(), shop, "sid", "web-key", false)
			must(t, err)
			if g.RefreshID != next.RefreshID {
				t.Fatalf("a node still has %q", g.RefreshID)
			}
		}
		prev = next
	}
}

// Who took the grant's row first and then waited for the session's would wait for those who come in the
// right order, and they for it.
func TestRefreshLocksTheSessionFirst(t *testing.T) {
	url := storetest.Postgres(t)
	s := storetest.Open(t, url)
	startSession(t, s, "sid", "alice")
	first := aGrant("sid", "web-key")
	later := first
	later.LastAccess = at.Add(time.Minute)
	must(t, s.Refresh(t.Context(), shop, first, later))

	other, err := pgx.Connect(t.Context(), url)
	must(t, err)
	defer other.Close(context.WithoutCancel(t.Context()))
	tx, err := other.Begin(t.Context())
	must(t, err)
	must(t, second(tx.Exec(t.Context(), `UPDATE session SET last_access = last_access WHERE id = 'sid'`)))
	done := make(chan error, 1)
	go func() { done <- s.Refresh(t.Context(), shop, later, first) }() // does not change the session's LastAccess
	eventually(t, "the refresh waits for the session", func() bool {
		var waits bool
		must(t, tx.QueryRow(t.Context(), `SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)`).Scan(&waits))
		return waits || len(done) > 0
	})
	if len(done) > 0 {
		t.Error("the refresh took the grant alone")
	}
	must(t, tx.Rollback(t.Context()))
	must(t, <-done)
}

func TestSessionOfAnotherNode(t *testing.T) {
	url := storetest.Postgres(t)
	a, b := storetest.Open(t, url), storetest.Open(t, url)
	ctx := t.Context()
	startSession(t, a, "sid", "alice")
	must(t, second(b.Granted(ctx, shop, "sid", "web-key", false))) // b has the session in memory now
	must(t, a.AddGrant(ctx, shop, aGrant("sid", "api-key")))
	if err := second(b.Granted(ctx, shop, "sid", "api-key", false)); err != nil {
		t.Errorf("a grant that was just made elsewhere: %v", err)
	}
	next := aGrant("sid", "web-key")
	next.RefreshID = "second"
	must(t, a.Refresh(ctx, shop, aGrant("sid", "web-key"), next))
	g, err := b.Grant(ctx, shop, "sid", "web-key", false)
	must(t, err)
	if g.RefreshID != "second" {
		t.Errorf("the other node would judge refresh tokens by %q", g.RefreshID)
	}
	must(t, a.EndSession(ctx, shop, "sid", false))
	eventually(t, "the session is over on the other node", func() bool {
		return errors.Is(second(b.Session(ctx, shop, "sid", false)), fault.ErrNotFound)
	})
}

func TestUserSessions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		newShop(t, s)
		addUser(t, s, "alice", "alice")
		for i, id := range []string{"b", "a"} {
			ss := aSession(id, "alice")
			ss.Started = at.Add(time.Duration(i) * time.Second)
			must(t, s.StartSession(ctx, shop, ss, aGrant(id, "web-key")))
		}
		startSession(t, s, "c", "bob")
		list, err := s.FindSessions(ctx, shop, session.Query{User: "alice"}, 0, -1)
		must(t, err)
		if len(list) != 2 || list[0].ID != "b" || list[1].ID != "a" {
			t.Errorf("alice's sessions are %v", list)
		}
		must(t, second(s.Session(ctx, shop, "a", false)))
		must(t, s.DeleteUser(ctx, shop, "alice", nil))
		if err := second(s.Session(ctx, shop, "a", false)); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a session of a deleted user: %v, want not found", err)
		}
		must(t, second(s.Session(ctx, shop, "c", false)))
	})
}
