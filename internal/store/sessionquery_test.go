package store_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// startAt begins a session at a moment, at clients.
func startAt(t testing.TB, s *store.Store, id, user string, offline bool, after time.Duration, clients ...string) {
	t.Helper()
	for _, c := range clients {
		ss := session.Session{ID: id, Offline: offline, UserID: user, Started: at.Add(after), LastAccess: at.Add(after)}
		must(t, s.StartSession(t.Context(), shop, ss, session.Grant{Session: id, Offline: offline, Client: c}))
	}
}

func TestSessionsThatAreFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		startAt(t, s, "3", "ann", false, 3*time.Second, "web", "app")
		startAt(t, s, "1", "ann", false, time.Second, "web")
		startAt(t, s, "2", "bob", false, 2*time.Second, "app")
		startAt(t, s, "1", "ann", true, time.Second, "app")
		for what, test := range map[string]struct {
			query      session.Query
			first, max int
			want       string
		}{
			"all":         {session.Query{}, 0, -1, "1 2 3"},
			"page":        {session.Query{}, 1, 1, "2"},
			"offline":     {session.Query{Offline: true}, 0, -1, "1"},
			"of a user":   {session.Query{User: "ann"}, 0, -1, "1 3"},
			"at a client": {session.Query{Client: "app"}, 0, -1, "2 3"},
			"both":        {session.Query{User: "ann", Client: "app"}, 0, -1, "3"},
			"nobody's":    {session.Query{User: "x"}, 0, -1, ""},
		} {
			found, err := s.FindSessions(t.Context(), shop, test.query, test.first, test.max)
			must(t, err)
			var ids []string
			for _, ss := range found {
				ids = append(ids, ss.ID)
			}
			if got := strings.Join(ids, " "); got != test.want {
				t.Errorf("%s: %q, want %q", what, got, test.want)
			}
			if test.max < 0 {
				n, err := s.CountSessions(t.Context(), shop, test.query)
				must(t, err)
				if n != len(found) {
					t.Errorf("%s: %d are counted, and %d found", what, n, len(found))
				}
			}
		}
		stats, err := s.SessionStats(t.Context(), shop)
		must(t, err)
		same(t, []session.Stat{{Client: "app", Active: 2, Offline: 1}, {Client: "web", Active: 2}}, stats)
	})
}

func TestSessionsOfAUserEnd(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s, other := storetest.Open(t, url), storetest.Open(t, url)
		newShop(t, s)
		startAt(t, s, "1", "ann", false, 0, "web")
		startAt(t, s, "1", "ann", true, 0, "web")
		startAt(t, s, "2", "bob", false, 0, "web")
		must(t, second(other.Session(t.Context(), shop, "1", false))) // into the cache
		must(t, s.EndUserSessions(t.Context(), shop, "ann", []event.Admin{{Realm: shop, Operation: "ACTION"}}))
		eventually(t, "the other node knows that the session has ended", func() bool {
			return errors.Is(second(other.Session(t.Context(), shop, "1", false)), fault.ErrNotFound)
		})
		must(t, second(s.Session(t.Context(), shop, "1", true)))
		must(t, second(s.Session(t.Context(), shop, "2", false)))
		audit, err := s.AdminEvents(t.Context(), shop, event.AdminQuery{}, 0, -1)
		must(t, err)
		if len(audit) != 1 {
			t.Errorf("%d admin events, want 1", len(audit))
		}
	})
}

func TestAllSessionsEnd(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		const many = 1100 // more than go at once
		for i := range many {
			startAt(t, s, fmt.Sprint(i), "ann", false, 0, "web")
		}
		startAt(t, s, "kept", "ann", true, 0, "web")
		must(t, second(s.Session(t.Context(), shop, "7", false))) // into the cache
		must(t, s.EndAllSessions(t.Context(), shop, []event.Admin{{Realm: shop, Operation: "ACTION"}}))
		for offline, want := range map[bool]int{false: 0, true: 1} {
			n, err := s.CountSessions(t.Context(), shop, session.Query{Offline: offline})
			must(t, err)
			if n != want {
				t.Errorf("%d sessions are left, offline %t", n, offline)
			}
		}
		if err := second(s.Session(t.Context(), shop, "7", false)); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%v, want not found", err)
		}
		audit, err := s.AdminEvents(t.Context(), shop, event.AdminQuery{}, 0, -1)
		must(t, err)
		if len(audit) != 1 {
			t.Errorf("%d admin events, want 1", len(audit))
		}
	})
}
