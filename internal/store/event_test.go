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
func recorded(t testing.TB, s *store.Store, f store.EventFilter, want int) (events []event.Event) {
	t.Helper()
	eventually(t, fmt.Sprint(want, " events are recorded"), func() bool {
		var err error
		events, err = s.Events(t.Context(), shop, f)
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
		same(t, []event.Event{want}, recorded(t, s, store.EventFilter{}, 1))
	})
}

func TestEventsOfHostileCallersAreRecorded(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		e := event.Event{Time: at, Kind: event.Login, Realm: shop, Client: "a\x00b\xff"}
		e.Set("username", "c\x00d\xff")
		s.Record(t.Context(), e)
		got := recorded(t, s, store.EventFilter{}, 1)[0]
		if got.Client != "a\ufffdb\ufffd" || got.Get("username") != "c\x00d\ufffd" || got.ID == "" {
			t.Errorf("%+v", got)
		}
	})
}

func TestEventsAreFiltered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		for i, kind := range []event.Kind{event.Login, event.Logout, event.Login.Failed(), event.RefreshToken} {
			s.Record(t.Context(), event.Event{ID: fmt.Sprint(i), Time: at.Add(time.Duration(i) * time.Second), Kind: kind, Realm: shop,
				Client: fmt.Sprint("client", i%2), UserID: fmt.Sprint("user", i/2)})
		}
		s.Record(t.Context(), event.Event{ID: "x", Time: at, Realm: "elsewhere"})
		recorded(t, s, store.EventFilter{}, 4)
		for what, test := range map[string]struct {
			filter store.EventFilter
			want   string
		}{
			"all":    {store.EventFilter{}, "3210"},
			"kinds":  {store.EventFilter{Kinds: []event.Kind{event.Login, event.Logout}}, "10"},
			"client": {store.EventFilter{Client: "client0"}, "20"},
			"user":   {store.EventFilter{UserID: "user1"}, "32"},
			"since":  {store.EventFilter{Window: store.Window{Since: at.Add(2 * time.Second)}}, "32"},
			"until":  {store.EventFilter{Window: store.Window{Until: at.Add(2 * time.Second)}}, "10"},
			"page":   {store.EventFilter{Window: store.Window{First: 1, Limit: 2}}, "21"},
		} {
			events, err := s.Events(t.Context(), shop, test.filter)
			must(t, err)
			got := ""
			for _, e := range events {
				got += e.ID
			}
			if got != test.want {
				t.Errorf("%s: %q, want %q", what, got, test.want)
			}
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
		events, err := storetest.Open(t, url).Events(t.Context(), shop, store.EventFilter{Window: store.Window{Limit: 2 * callers * each}})
		must(t, err)
		if len(events) != callers*each {
			t.Errorf("%d of %d events were written", len(events), callers*each)
		}
	})
}
