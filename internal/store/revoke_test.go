package store_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

func TestRevoked(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		ctx := t.Context()
		s, other := storetest.Open(t, url), storetest.Open(t, url)
		revoked := func(node *store.Store, realmKey, jti string) bool {
			yes, err := node.Revoked(ctx, realmKey, jti)
			must(t, err)
			return yes
		}
		must(t, s.Revoke(ctx, shop, "jti", at))
		must(t, s.Revoke(ctx, shop, "jti", at)) // again
		if !revoked(s, shop, "jti") {
			t.Error("it is not revoked")
		}
		if revoked(s, shop, "other") || revoked(s, "elsewhere", "jti") {
			t.Error("what is revoked is something else too")
		}
		eventually(t, "the other node knows", func() bool { return revoked(other, shop, "jti") })
	})
}

// T18: a restart must not forget what is revoked.
func TestRevokedAfterRestart(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s, err := store.Open(t.Context(), store.Config{URL: url, MasterKey: storetest.MasterKey})
		must(t, err)
		must(t, s.Revoke(t.Context(), shop, "jti", at))
		must(t, s.Close())
		yes, err := storetest.Open(t, url).Revoked(t.Context(), shop, "jti")
		must(t, err)
		if !yes {
			t.Error("it is not revoked any more")
		}
	})
}

func TestUseOnce(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		long := strings.Repeat("x", 10_000) // more than an index holds
		for _, use := range []struct {
			realm, purpose, value string
			first                 bool
		}{
			{shop, "code", "v", true},
			{shop, "code", "v", false},
			{shop, "assertion", "v", true}, // T14: another purpose is another value
			{"elsewhere", "code", "v", true},
			{shop, "code", long, true},
			{shop, "code", long, false},
			{shop, "code", long + "y", true},
			{shop, "code", "\x00\xff", true},
			{shop, "code", "\x00\xff", false},
		} {
			first, err := s.UseOnce(t.Context(), use.realm, use.purpose, use.value, at)
			must(t, err)
			if first != use.first {
				t.Errorf("%s/%s/%.10q: first %t, want %t", use.realm, use.purpose, use.value, first, use.first)
			}
		}
		first, err := storetest.Open(t, url).UseOnce(t.Context(), shop, "code", "v", at)
		must(t, err)
		if first {
			t.Error("after a restart it can be used again")
		}
	})
}

func TestOneTimeValueHasOneWinner(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		nodes := []*store.Store{storetest.Open(t, url), storetest.Open(t, url)}
		for round := range 10 {
			var won atomic.Int32
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() {
					first, err := nodes[i%2].UseOnce(t.Context(), shop, "code", fmt.Sprint(round), at)
					if err != nil {
						t.Error(err)
					}
					if first {
						won.Add(1)
					}
				})
			}
			wg.Wait()
			if won.Load() != 1 {
				t.Errorf("%d of 50 won", won.Load())
			}
		}
	})
}

func TestRevocationsOfManyNodesAllArrive(t *testing.T) {
	url := storetest.Postgres(t)
	reader := storetest.Open(t, url)
	var writers sync.WaitGroup
	const nodes, each = 3, 40
	for n := range nodes {
		s := storetest.OpenWith(t, store.Config{URL: url, PollOnly: n == 0})
		for i := range each {
			writers.Go(func() {
				if err := s.Revoke(t.Context(), shop, fmt.Sprint(n, ".", i), at.Add(time.Hour)); err != nil {
					t.Error(err)
				}
			})
		}
	}
	writers.Wait()
	eventually(t, "all revocations arrived", func() bool {
		for n := range nodes {
			for i := range each {
				if yes, err := reader.Revoked(t.Context(), shop, fmt.Sprint(n, ".", i)); err != nil || !yes {
					return false
				}
			}
		}
		return true
	})
}
