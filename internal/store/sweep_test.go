package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

func TestSweepDeletesWhatHasExpired(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s := storetest.Open(t, url)
		must(t, s.CreateRealm(ctx, realm.New(shop, realm.Settings{
			Name: "shop",
			Lifespans: realm.Lifespans{SessionIdle: time.Hour, SessionIdleRemember: 2 * time.Hour, SessionMax: 10 * time.Hour,
				OfflineIdle: 24 * time.Hour, OfflineMax: time.Hour},
			Events: realm.EventSettings{Expiration: time.Hour},
		}), nil, nil, nil))
		now := at.Add(100 * time.Hour)
		ago := func(d time.Duration) time.Time { return now.Add(-d) }
		begin := func(id string, offline bool, started, used time.Duration) {
			ss := session.Session{ID: id, Offline: offline, UserID: "alice", Started: ago(started), LastAccess: ago(used)}
			must(t, s.StartSession(ctx, shop, ss, session.Grant{Session: id, Offline: offline, Client: "c"}))
		}
		begin("in use", false, 9*time.Hour, time.Hour)
		begin("idle", false, 9*time.Hour, 3*time.Hour)
		begin("old", false, 11*time.Hour, time.Minute)
		begin("offline in use", true, 1000*time.Hour, 23*time.Hour)
		begin("offline idle", true, 1000*time.Hour, 25*time.Hour)
		for i, age := range []time.Duration{time.Minute, 2 * time.Hour} {
			s.Record(ctx, event.Event{ID: fmt.Sprint(i), Time: ago(age), Realm: shop})
			must(t, s.Revoke(ctx, shop, fmt.Sprint(i), ago(age-time.Hour)))
			must(t, second(s.UseOnce(ctx, shop, "code", fmt.Sprint(i), ago(age-time.Hour))))
		}
		recorded(t, s, event.Query{}, 2)

		must(t, s.Sweep(ctx, now))

		for offline, want := range map[bool]string{false: "in use", true: "offline in use"} {
			sessions, err := s.FindSessions(ctx, shop, session.Query{User: "alice", Offline: offline}, 0, -1)
			must(t, err)
			if len(sessions) != 1 || sessions[0].ID != want {
				t.Errorf("sessions that stay are %v, want %q", sessions, want)
			}
		}
		recorded(t, s, event.Query{}, 1)
		for _, node := range []*store.Store{s, storetest.Open(t, url)} {
			for jti, want := range map[string]bool{"0": true, "1": false} {
				yes, err := node.Revoked(ctx, shop, jti)
				must(t, err)
				if yes != want {
					t.Errorf("token %s revoked: %t", jti, yes)
				}
			}
		}
		for value, want := range map[string]bool{"0": false, "1": true} {
			first, err := s.UseOnce(ctx, shop, "code", value, now)
			must(t, err)
			if first != want {
				t.Errorf("value %s may be used: %t", value, first)
			}
		}
	})
}

func TestSweepKeepsWhatHasNoLimit(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s) // its settings are zero
		startSession(t, s, "sid", "alice")
		s.Record(t.Context(), event.Event{Time: at, Realm: shop})
		recorded(t, s, event.Query{}, 1)
		must(t, s.Sweep(t.Context(), at.Add(100_000*time.Hour)))
		recorded(t, s, event.Query{}, 1)
		must(t, second(s.Grant(t.Context(), shop, "sid", "web-key", false)))
	})
}

// A node that was away for longer than news are kept starts over.
func TestNewsThatWerePruned(t *testing.T) {
	url := storetest.Postgres(t)
	clock := at
	a := storetest.OpenWith(t, store.Config{URL: url, Now: func() time.Time { return clock }})
	newShop(t, a)
	theShop(t, a)
	b := storetest.OpenWith(t, store.Config{URL: url, PollOnly: true})
	theShop(t, b)
	for i := range 3 { // and swept before b can have polled each
		edit(t, a, func(d *realm.Draft) {
			d.PutClient(&realm.Client{Key: fmt.Sprint(i), ID: fmt.Sprint(i)})
			if i == 2 {
				d.Delete(realm.KindClient, "web-key")
			}
		})
		must(t, a.Sweep(t.Context(), at.Add(24*time.Hour)))
	}
	eventually(t, "the other node has started over", func() bool { return theShop(t, b).Client("2") != nil })
	same(t, contentsOf(theShop(t, a)), contentsOf(theShop(t, b)))
}
