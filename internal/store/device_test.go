package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/session"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

func TestDevices(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		d := session.Device{Client: "tv", Scope: "openid", Challenge: "c", ChallengeMethod: "S256",
			Expires: time.Now().Add(time.Minute).UTC().Truncate(time.Second), Interval: 5 * time.Second}
		must(t, s.AddDevice(ctx, shop, "code", "USER", d))
		for _, codes := range [][2]string{{"code", "OTHER"}, {"other", "USER"}} {
			if err := s.AddDevice(ctx, shop, codes[0], codes[1], d); !errors.Is(err, fault.ErrConflict) {
				t.Errorf("codes %v are taken, and it says %v", codes, err)
			}
		}
		got, err := s.Device(ctx, shop, "code")
		must(t, err)
		same(t, d, got)
		got, ref, err := s.DeviceByUserCode(ctx, shop, "USER")
		must(t, err)
		same(t, d, got)
		if ref == "code" {
			t.Error("the reference is the device code itself")
		}
		if _, _, err := s.DeviceByUserCode(ctx, "other realm", "USER"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("another realm finds it: %v", err)
		}
		if err := s.TakeDevice(ctx, shop, "code"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("taken before its user decided: %v", err)
		}

		must(t, s.DecideDevice(ctx, shop, ref, session.Granted, "s1"))
		if err := s.DecideDevice(ctx, shop, ref, session.Denied, ""); !errors.Is(err, fault.ErrStale) {
			t.Errorf("a second decision is told %v, want stale", err)
		}
		d.Decision, d.Session = session.Granted, "s1"
		got, err = s.DeviceByRef(ctx, shop, ref)
		must(t, err)
		same(t, d, got)

		must(t, s.TakeDevice(ctx, shop, "code"))
		if _, err := s.Device(ctx, shop, "code"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("it is there after it was taken: %v", err)
		}
		if err := s.DecideDevice(ctx, shop, ref, session.Denied, ""); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a decision on what is gone is told %v", err)
		}
	})
}

func TestDevicesArePolledSlowly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), time.Now()
		must(t, s.AddDevice(ctx, shop, "code", "USER", session.Device{Expires: now.Add(time.Minute)}))
		for _, poll := range []struct {
			after time.Duration
			early bool
		}{{0, false}, {4 * time.Second, true}, {5 * time.Second, false}, {9 * time.Second, true}, {10 * time.Second, false}} {
			early, err := s.PollDevice(ctx, shop, "code", 5*time.Second, now.Add(poll.after))
			must(t, err)
			if early != poll.early {
				t.Errorf("after %v: early is %v", poll.after, early)
			}
		}
	})
}

func TestADeviceCodeIsTakenOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must(t, s.AddDevice(ctx, shop, "code", "USER", session.Device{Decision: session.Granted, Expires: time.Now().Add(time.Minute)}))
		var taken atomic.Int32
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if s.TakeDevice(ctx, shop, "code") == nil {
					taken.Add(1)
				}
			})
		}
		all.Wait()
		if taken.Load() != 1 {
			t.Errorf("taken %d times", taken.Load())
		}
	})
}

func TestOldDevicesAreSwept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, now := t.Context(), time.Now()
		must(t, s.AddDevice(ctx, shop, "code", "USER", session.Device{Expires: now}))
		must(t, s.Sweep(ctx, now.Add(time.Minute)))
		if _, err := s.Device(ctx, shop, "code"); err != nil {
			t.Errorf("it is gone before its device can be told: %v", err)
		}
		must(t, s.Sweep(ctx, now.Add(time.Hour)))
		if _, err := s.Device(ctx, shop, "code"); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("it was not swept: %v", err)
		}
	})
}
