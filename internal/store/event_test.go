package store_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/explain"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// recorded are the shop's events once there are as many as expected.
func recorded(t testing.TB, s *store.Store, q event.Query, want int) (events []event.Event) {
	t.Helper()
	eventually(t, fmt.Sprint(want, " events are recorded"), func() bool {
		var err error
		events, err = s.Events(t.Context(), shop, q, 0, -1)
		must(t, err)
		return len(events) == want
	})
	return events
}

func TestEventIsReadAsItWasRecorded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		trace := &explain.Trace{}
		trace.Add("exchange.client", explain.Denied, "gateway", "public")
		want := event.Event{ID: "1", Time: at, Kind: event.TokenExchange.Failed(), Realm: shop, RealmName: "shop", Client: "gateway",
			UserID: "alice", Session: "sid", Address: "127.0.0.1", Error: "not_allowed",
			Details: []event.Detail{{Name: "reason", Value: "b < a"}, {Name: "grant_type", Value: "x"}}, Trace: trace}
		s.Record(t.Context(), want)
		s.Record(t.Context(), want) // the same event is one
		same(t, []event.Event{want}, recorded(t, s, event.Query{}, 1))
	})
}

func TestEventsOfHostileCallersAreRecorded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		e := event.Event{Time: at, Kind: event.Login, Realm: shop, Client: "a\x00b\xff"}
		e.Set("username", "c\x00d\xff")
		s.Record(t.Context(), e)
		got := recorded(t, s, event.Query{}, 1)[0]
		if got.Client != "a\ufffdb\ufffd" || got.Get("username") != "c\x00d\ufffd" || got.ID == "" {
			t.Errorf("%+v", got)
		}
	})
}

func TestEventsAreFiltered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for i, kind := range []event.Kind{event.Login, event.Logout, event.Login.Failed(), event.RefreshToken} {
			s.Record(t.Context(), event.Event{ID: fmt.Sprint(i), Time: at.Add(time.Duration(i) * time.Second), Kind: kind, Realm: shop,
				Client: fmt.Sprint("client", i%2), UserID: fmt.Sprint("user", i/2), Address: fmt.Sprint("10.0.0.", i)})
		}
		s.Record(t.Context(), event.Event{ID: "x", Time: at, Realm: "elsewhere"})
		recorded(t, s, event.Query{}, 4)
		since, until := event.Window{Since: at.Add(2 * time.Second)}, event.Window{Until: at.Add(2 * time.Second)}
		for what, test := range map[string]struct {
			query      event.Query
			first, max int
			want       string
		}{
			"all":     {event.Query{}, 0, -1, "3210"},
			"kinds":   {event.Query{Kinds: []event.Kind{event.Login, event.Logout}}, 0, -1, "10"},
			"client":  {event.Query{Client: "client0"}, 0, -1, "20"},
			"user":    {event.Query{UserID: "user1"}, 0, -1, "32"},
			"address": {event.Query{Address: "10.0.0.1"}, 0, -1, "1"},
			"since":   {event.Query{Window: since}, 0, -1, "32"},
			"until":   {event.Query{Window: until}, 0, -1, "10"},
			"oldest":  {event.Query{Window: event.Window{OldestFirst: true}}, 0, -1, "0123"},
			"page":    {event.Query{}, 1, 2, "21"},
			"none":    {event.Query{}, 0, 0, ""},
		} {
			events, err := s.Events(t.Context(), shop, test.query, test.first, test.max)
			must(t, err)
			got := ""
			for _, e := range events {
				got += e.ID
			}
			if got != test.want {
				t.Errorf("%s: %q, want %q", what, got, test.want)
			}
		}
		must(t, s.ClearEvents(t.Context(), shop))
		recorded(t, s, event.Query{}, 0)
	})
}

func TestAdminEventsAreFiltered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		ann, bob := event.Actor{Realm: "master", Client: "cli", UserID: "ann", Address: "10.0.0.1"}, event.Actor{Realm: shop, Client: "cli", UserID: "bob"}
		must(t, s.Append(ctx, []event.Admin{
			{ID: "0", Time: at, Realm: shop, Operation: "CREATE", ResourceType: "USER", ResourcePath: "users/1", Actor: ann},
			{ID: "1", Time: at.Add(time.Second), Realm: shop, Operation: "UPDATE", ResourceType: "USER", ResourcePath: "users/1", Actor: bob},
			{ID: "2", Time: at.Add(2 * time.Second), Realm: shop, Operation: "CREATE", ResourceType: "GROUP_MEMBERSHIP", ResourcePath: "users/1/groups/2",
				Actor: ann, Details: []event.Detail{{Name: "username", Value: "one"}}},
			{ID: "3", Time: at.Add(3 * time.Second), Realm: shop, Operation: "DELETE", ResourceType: "GROUP", ResourcePath: "groups/2_", Actor: bob, Error: "x"},
			{ID: "x", Time: at, Realm: "elsewhere", Operation: "DELETE", ResourceType: "GROUP", ResourcePath: "groups/2", Actor: bob},
		}))
		for what, test := range map[string]struct {
			query event.AdminQuery
			want  string
		}{
			"all":        {event.AdminQuery{}, "3210"},
			"operations": {event.AdminQuery{Operations: []string{"UPDATE", "DELETE"}}, "31"},
			"types":      {event.AdminQuery{ResourceTypes: []string{"USER"}}, "10"},
			"path":       {event.AdminQuery{Path: "users/1"}, "10"},
			"below":      {event.AdminQuery{Path: "users/*"}, "210"},
			"between":    {event.AdminQuery{Path: "users/*/groups/*"}, "2"},
			"letters":    {event.AdminQuery{Path: "groups/__"}, ""},
			"realm":      {event.AdminQuery{Actor: event.Actor{Realm: "master"}}, "20"},
			"client":     {event.AdminQuery{Actor: event.Actor{Client: "cl"}}, ""},
			"user":       {event.AdminQuery{Actor: event.Actor{UserID: "bob", Client: "cli"}}, "31"},
			"address":    {event.AdminQuery{Actor: event.Actor{Address: "10.0.0.1"}}, "20"},
		} {
			events, err := s.AdminEvents(ctx, shop, test.query, 0, -1)
			must(t, err)
			got := ""
			for _, e := range events {
				got += e.ID
				if e.ID == "2" && (len(e.Details) != 1 || e.Details[0].Value != "one") {
					t.Errorf("details %v", e.Details)
				}
			}
			if got != test.want {
				t.Errorf("%s: %q, want %q", what, got, test.want)
			}
		}
		must(t, s.ClearAdminEvents(ctx, shop))
		left, err := s.AdminEvents(ctx, shop, event.AdminQuery{}, 0, -1)
		must(t, err)
		others, err := s.AdminEvents(ctx, "elsewhere", event.AdminQuery{}, 0, -1)
		must(t, err)
		if len(left) != 0 || len(others) != 1 {
			t.Errorf("%d are left, and %d elsewhere", len(left), len(others))
		}
	})
}

// More events than the queue holds, from many at once, and none is lost when the store is closed.
func TestCloseWritesQueuedEvents(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), store.Config{URL: url, MasterKey: storetest.MasterKey})
		must(t, err)
		const callers, each = 4, 3000
		var wg sync.WaitGroup
		for range callers {
			wg.Go(func() {
				for range each {
					s.Record(t.Context(), event.Event{Time: at, Kind: event.Login, Realm: shop})
				}
			})
		}
		wg.Wait()
		must(t, s.Close())
		events, err := storetest.Open(t, url).Events(t.Context(), shop, event.Query{}, 0, -1)
		must(t, err)
		if len(events) != callers*each {
			t.Errorf("%d of %d events were written", len(events), callers*each)
		}
	})
}

func TestEventIsReadRightAfterItWasRecorded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for n := range 20 {
			s.Record(t.Context(), event.Event{Time: at, Kind: event.Login, Realm: shop})
			events, err := s.Events(t.Context(), shop, event.Query{}, 0, -1)
			must(t, err)
			if len(events) != n+1 {
				t.Fatalf("%d events, want %d", len(events), n+1)
			}
		}
	})
}
