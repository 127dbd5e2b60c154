package store_test

import (
	"errors"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

func TestOpenAndCloseSession(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s, other := storetest.Open(t, url), storetest.Open(t, url)
		must(t, s.OpenSession(ctx, shop, aSession("sid", "alice"), []event.Admin{{ID: "opened", Realm: shop, Time: at}}))
		if err := s.OpenSession(ctx, shop, aSession("sid", "alice"), nil); !errors.Is(err, fault.ErrConflict) {
			t.Errorf("opened twice: %v", err)
		}
		for _, node := range []*store.Store{s, other} {
			ss, err := node.Session(ctx, shop, "sid", false)
			must(t, err)
			same(t, aSession("sid", "alice"), *ss)
		}
		if err := s.CloseSession(ctx, shop, "sid", true, nil); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("closed as an offline one: %v", err)
		}
		must(t, s.CloseSession(ctx, shop, "sid", false, []event.Admin{{ID: "closed", Realm: shop, Time: at}}))
		if err := s.CloseSession(ctx, shop, "sid", false, nil); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("closed twice: %v", err)
		}
		if _, err := s.Session(ctx, shop, "sid", false); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("read after it was closed: %v", err)
		}
		events, err := s.AdminEvents(ctx, shop, event.AdminQuery{}, 0, -1)
		must(t, err)
		if len(events) != 2 {
			t.Errorf("%d admin events", len(events))
		}
	})
}
