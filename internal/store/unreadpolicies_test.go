package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// TestReadPolicies: the policies of a realm of a former version are read once, and again only where that failed. Those of
// realms that this version makes are not asked for.
func TestReadPolicies(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		times, broken := 0, errors.New("broken")
		fails := broken
		read := func(_ context.Context, r *realm.Realm) error {
			same(t, shop, r.Key)
			times++
			return fails
		}
		must(t, s.ReadPolicies(t.Context(), read))
		same(t, 0, times)
		s.Outdate(t, shop)
		if err := s.ReadPolicies(t.Context(), read); !errors.Is(err, broken) {
			t.Errorf("read fails: %v", err)
		}
		fails = nil
		must(t, s.ReadPolicies(t.Context(), read))
		must(t, s.ReadPolicies(t.Context(), read))
		same(t, 2, times)
	})
}
