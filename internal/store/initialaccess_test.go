package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

func TestInitialAccessIsUsedUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		ctx := t.Context()
		limited := realm.InitialAccess{Key: "a", Created: at, Expires: time.Hour, Count: 5, Remaining: 5, Origins: []string{"https://a.example"}}
		endless := realm.InitialAccess{Key: "b", Created: at.Add(time.Second), Count: 1, Remaining: 1}
		must(t, s.AddInitialAccess(ctx, shop, endless, nil))
		must(t, s.AddInitialAccess(ctx, shop, limited, nil))
		var used atomic.Int64
		var using sync.WaitGroup
		for range 20 {
			using.Go(func() {
				switch err := s.UseInitialAccess(ctx, shop, "a", at.Add(time.Minute)); {
				case err == nil:
					used.Add(1)
				case !errors.Is(err, fault.ErrNotFound):
					t.Error(err)
				}
			})
		}
		using.Wait()
		if used.Load() != 5 {
			t.Errorf("it was used %d times, want 5", used.Load())
		}
		must(t, s.UseInitialAccess(ctx, shop, "b", at.Add(1000*time.Hour)))
		limited.Remaining, endless.Remaining = 0, 0
		all, err := s.InitialAccesses(ctx, shop)
		must(t, err)
		same(t, []realm.InitialAccess{limited, endless}, all)
		must(t, s.DropInitialAccess(ctx, shop, "a", nil))
		for what, err := range map[string]error{
			"dropped twice": s.DropInitialAccess(ctx, shop, "a", nil),
			"dropped":       s.UseInitialAccess(ctx, shop, "a", at),
			"no such realm": s.AddInitialAccess(ctx, "nowhere", limited, nil),
		} {
			if !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("%s: %v, want not found", what, err)
			}
		}
	})
}

func TestInitialAccessExpires(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		a := realm.InitialAccess{Key: "a", Created: at, Expires: time.Hour, Count: 5, Remaining: 5}
		must(t, s.AddInitialAccess(t.Context(), shop, a, nil))
		for after, want := range map[time.Duration]bool{time.Hour - 1000: true, time.Hour: false} {
			err := s.UseInitialAccess(t.Context(), shop, "a", at.Add(after))
			if (err == nil) != want || a.Expired(at.Add(after)) == want {
				t.Errorf("after %v: %v, expired %t", after, err, a.Expired(at.Add(after)))
			}
		}
	})
}

func TestFailuresAreCountedByEveryNode(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		nodes := []*store.Store{storetest.Open(t, url), storetest.Open(t, url)}
		newShop(t, nodes[0])
		ctx := t.Context()
		var failing sync.WaitGroup
		for i := range 20 {
			failing.Go(func() {
				err := nodes[i%2].EditFailures(ctx, shop, "ann", func(f *user.Failures) { f.Count++; f.LastAt = at })
				if err != nil {
					t.Error(err)
				}
			})
		}
		failing.Wait()
		must(t, nodes[0].EditFailures(ctx, shop, "bob", func(f *user.Failures) { f.Count = 1 }))
		for _, s := range nodes {
			f, err := s.Failures(ctx, shop, "ann")
			must(t, err)
			same(t, user.Failures{Count: 20, LastAt: at}, f)
		}
		must(t, nodes[1].ClearFailures(ctx, shop, "ann"))
		count := func(id string) int {
			f, err := nodes[0].Failures(ctx, shop, id)
			must(t, err)
			return f.Count
		}
		if count("ann") != 0 || count("bob") != 1 {
			t.Errorf("after forgiving ann: %d and %d", count("ann"), count("bob"))
		}
		must(t, nodes[1].ClearFailures(ctx, shop, ""))
		if count("bob") != 0 {
			t.Error("after forgiving all bob is not forgiven")
		}
		if err := nodes[0].EditFailures(ctx, "nowhere", "x", func(*user.Failures) {}); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("%v, want not found", err)
		}
	})
}

func TestExtrasOfMany(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		edit(t, s, func(d *realm.Draft) {
			d.PutClient(&realm.Client{Key: "a", ID: "a", Extra: realm.Extra{"x": []byte(`"a"`)}})
			d.PutClient(&realm.Client{Key: "b", ID: "b", Extra: realm.Extra{"x": []byte(`"b"`)}})
			d.PutClient(&realm.Client{Key: "c", ID: "c"})
			d.PutRole(&realm.Role{Key: "r", Name: "r", Extra: realm.Extra{"x": []byte(`"r"`)}})
		})
		want := map[string]realm.Extra{"a": {"x": []byte(`"a"`)}, "c": nil}
		few, many := []string{"a", "c", "gone"}, make([]string, 600)
		copy(many, few)
		for _, keys := range [][]string{few, many} {
			got, err := s.Extras(t.Context(), shop, realm.KindClient, keys)
			must(t, err)
			same(t, want, got)
		}
		none, err := s.Extras(t.Context(), shop, realm.KindClient, nil)
		must(t, err)
		same(t, map[string]realm.Extra{}, none)
	})
}
