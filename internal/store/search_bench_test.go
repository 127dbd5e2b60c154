package store_test

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store"
)

// million is how many users are searched.
const million = 1_000_000

// BenchmarkSearchUsers measures what an administrator waits for in a realm with a million users, once its digests are
// made. "first-ms" is the first time that something is asked, when nothing is remembered of it, and "first-cpu-ms" how
// much of that the process was at work, the database's processes not counted, and no other program's.
func BenchmarkSearchUsers(b *testing.B) {
	off := false
	searches := []struct {
		name  string
		query user.Query
		first int
	}{
		{"first page", user.Query{}, 0},
		{"page at 900000", user.Query{}, 900_000},
		{"one by name", user.Query{Search: "mary.lopez500021"}, 0},
		{"one by a part", user.Query{Search: "*z50002*"}, 0},
		{"one exactly", user.Query{Search: `"mary.lopez500021"`}, 0},
		{"one by address", user.Query{Email: "mary.lopez500021@example.org", Exact: true}, 0},
		{"thousands by a part", user.Query{Search: "*9999*"}, 0},
		{"many by the first letters", user.Query{Search: "smi"}, 0},
		{"many by a letter", user.Query{Search: "j"}, 0},
		{"many by two words", user.Query{Search: "mary lopez"}, 0},
		{"all by a part", user.Query{Search: "*example*"}, 0},
		{"all by a part at 900000", user.Query{Search: "*example*"}, 900_000},
		{"none", user.Query{Search: "nobody"}, 0},
		{"few by attribute", user.Query{Attributes: map[string]string{"badge": "777777"}}, 0},
		{"many by attribute", user.Query{Attributes: map[string]string{"team": "red"}}, 0},
		{"all with a role", user.Query{Role: "everybody"}, 0},
		{"all with a role at 900000", user.Query{Role: "everybody"}, 900_000},
		{"few disabled", user.Query{Enabled: &off}, 0},
		{"nobody by a part like that of thousands", user.Query{Search: "*999999999*"}, 0},
		{"nobody by two words", user.Query{Search: "smith jones"}, 0},
		{"many by two words, one short", user.Query{Search: "lopez mi"}, 0},
		{"many by two letters within", user.Query{Search: "*ez*"}, 0},
		{"many by two digits within", user.Query{Search: "*99*"}, 0},
		{"nobody by two letters within", user.Query{Search: "*zq*"}, 0},
		{"many by a part of the last name", user.Query{LastName: "th"}, 0},
		{"many by two parts at 200000", user.Query{Search: "*1*", LastName: "o"}, 200_000},
	}
	eachDurable(b, func(b *testing.B, _ string, s *store.Store) {
		begin := time.Now()
		must(b, s.CreateRealm(b.Context(), realm.New(shop, realm.Settings{Name: "shop"}), nil, townsfolk(million), nil))
		b.Logf("a million users in %v", time.Since(begin).Round(time.Second))
		begin = time.Now()
		digests := s.Digest(b, shop)
		b.Logf("their %d digests in %v", digests, time.Since(begin).Round(time.Second))
		measure := func(name string, ask func() error) {
			begin, atWork := time.Now(), cpuTime(b)
			must(b, ask())
			first, worked := time.Since(begin), time.Duration(cpuTime(b)-atWork)
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					must(b, ask())
				}
				b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
				b.ReportMetric(float64(worked.Microseconds())/1000, "first-cpu-ms")
			})
		}
		for _, q := range searches {
			measure(q.name, func() error { return second(s.FindUsers(b.Context(), shop, q.query, q.first, 20)) })
			if q.first == 0 {
				measure("number of "+q.name, func() error { return second(s.CountUsers(b.Context(), shop, q.query)) })
			}
		}
	})
}

// townsfolk are users with names, addresses and attributes as they come.
func townsfolk(many int) iter.Seq2[user.Account, error] {
	first := []string{"James", "Mary", "Robert", "Patricia", "John", "Jennifer", "Michael", "Linda", "David", "Elizabeth", "William",
		"Barbara", "Richard", "Susan", "Joseph", "Jessica", "Thomas", "Sarah", "Charles"}
	last := []string{"Smith", "Johnson", "Williams", "Brown", "Jones", "Garcia", "Miller", "Davis", "Rodriguez", "Martinez", "Hernandez",
		"Lopez", "Gonzalez", "Wilson", "Anderson", "Thomas", "Taylor", "Moore", "Jackson", "Martin", "Lee", "Perez", "Thompson"}
	return func(yield func(user.Account, error) bool) {
		order := rand.New(rand.NewPCG(1, 2)).Perm(many)
		for _, i := range order {
			u := user.User{ID: uuid.NewString(), FirstName: first[i%len(first)], LastName: last[i%len(last)], Enabled: i%10_000 != 0,
				Created: at, Roles: []string{"everybody"},
				Attributes: map[string][]string{"badge": {fmt.Sprint(i)}, "team": {[]string{"red", "green", "blue"}[i%3]}}}
			u.Username = fmt.Sprintf("%s.%s%d", u.FirstName, u.LastName, i)
			u.Email = u.Username + "@example.org"
			if !yield(user.Account{User: u}, nil) {
				return
			}
		}
	}
}

// BenchmarkCreateUser measures what adding a user to many costs.
func BenchmarkCreateUser(b *testing.B) {
	eachDurable(b, func(b *testing.B, _ string, s *store.Store) {
		must(b, s.CreateRealm(b.Context(), realm.New(shop, realm.Settings{Name: "shop"}), nil, townsfolk(10_000), nil))
		b.Run("beside 10000", func(b *testing.B) {
			cpu(b)
			next, stop := iter.Pull2(townsfolk(million))
			defer stop()
			for b.Loop() {
				a, _, ok := next()
				if !ok {
					b.Fatal("there are no more")
				}
				a.User.Username, a.User.Email = "new."+a.User.Username, "new."+a.User.Email
				must(b, s.CreateUser(b.Context(), shop, a, nil))
			}
		})
	})
}
