package store_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/fault"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// claimant is a user who wants an address for themselves.
func claimant(id, email string) user.Account {
	return user.Account{User: user.User{ID: id, Username: id, Email: email, Created: at}, SoleEmail: true}
}

func TestEmailIsClaimed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		must(t, s.CreateUser(t.Context(), shop, claimant("ann", "Ann@shop.test"), nil))
		must(t, s.CreateUser(t.Context(), shop, claimant("bob", "bob@shop.test"), nil))
		must(t, s.CreateUser(t.Context(), shop, claimant("none", ""), nil))
		must(t, s.CreateUser(t.Context(), shop, claimant("nor", ""), nil))
		shared := claimant("twin", "ann@shop.test")
		shared.SoleEmail = false
		must(t, s.CreateUser(t.Context(), shop, shared, nil))

		rename := func(email string, sole bool) func(*user.Account) ([]event.Admin, error) {
			return func(a *user.Account) ([]event.Admin, error) {
				a.User.Email, a.SoleEmail = email, sole
				return nil, nil
			}
		}
		for what, err := range map[string]error{
			"a new user's": s.CreateUser(t.Context(), shop, claimant("eve", "ANN@shop.test"), nil),
			"a changed":    s.EditUser(t.Context(), shop, "bob", rename("ann@SHOP.test", true)),
		} {
			var taken *fault.Conflict
			if !errors.As(err, &taken) || taken.Field != "email" {
				t.Errorf("%s: %v", what, err)
			}
		}
		must(t, s.EditUser(t.Context(), shop, "bob", rename("robert@shop.test", true)))
		must(t, s.EditUser(t.Context(), shop, "twin", rename("ann@shop.test", true))) // it is not another than before
		must(t, s.EditUser(t.Context(), shop, "bob", rename("ann@shop.test", false)))
	})
}

// Of many who want one address at once, at two nodes, one gets it: who is made, and who changes.
func TestEmailIsClaimedOnceOnTwoNodes(t *testing.T) {
	url := storetest.Postgres(t)
	nodes := []*store.Store{storetest.Open(t, url), storetest.Open(t, url)}
	newShop(t, nodes[0])
	const users, rounds = 4, 10
	for i := range users {
		must(t, nodes[0].CreateUser(t.Context(), shop, claimant(fmt.Sprint("old", i), fmt.Sprintf("old%d@shop.test", i)), nil))
	}
	for round := range rounds {
		email := fmt.Sprintf("wanted%d@shop.test", round)
		var got atomic.Int64
		var all sync.WaitGroup
		try := func(what func(s *store.Store) error) {
			for _, s := range nodes {
				all.Go(func() {
					switch err := what(s); {
					case err == nil:
						got.Add(1)
					case !errors.Is(err, fault.ErrConflict):
						t.Error(err)
					}
				})
			}
		}
		for i := range users {
			n := 0
			var mu sync.Mutex
			try(func(s *store.Store) error {
				mu.Lock()
				n++
				id := fmt.Sprintf("new%d-%d-%d", round, i, n)
				mu.Unlock()
				return s.CreateUser(t.Context(), shop, claimant(id, email), nil)
			})
		}
		all.Go(func() {
			err := nodes[1].EditUser(t.Context(), shop, "old0", func(a *user.Account) ([]event.Admin, error) {
				a.User.Email, a.SoleEmail = email, true
				return nil, nil
			})
			switch {
			case err == nil:
				got.Add(1)
			case !errors.Is(err, fault.ErrConflict):
				t.Error(err)
			}
		})
		all.Wait()
		if got.Load() != 1 {
			t.Errorf("%s belongs to %d", email, got.Load())
		}
	}
}
