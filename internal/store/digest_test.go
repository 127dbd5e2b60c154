package store_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// A digest tells of whomever a query describes, and its marks have all that somebody has.
func TestDigestsTellWhoMatches(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		users := make([]user.User, rapid.IntRange(0, 12).Draw(r, "users"))
		for i := range users {
			users[i] = aPerson(r, i)
		}
		q := aQuery(r)
		q.Group = "" // of which digests do not tell
		var want []string
		for i := range users {
			if q.Matches(&users[i]) {
				want = append(want, users[i].Username)
			}
		}
		marked, got := store.DigestOf(t, users)(q)
		if !slices.Equal(got, want) {
			r.Fatalf("%+v: got %v, want %v", q, got, want)
		}
		if len(want) > 0 && !marked {
			r.Fatalf("%+v: %v are not marked", q, want)
		}
	})
}

// Each part of each name leads to those who have it, also where it begins in what an address has of a username.
func TestDigestsTellOfEachPartOfAName(t *testing.T) {
	users := []user.User{
		{Username: "ann", Email: "ann@example.org", FirstName: "Ann", LastName: "O'Hara"},
		{Username: "annex", Email: "annex@example.org", FirstName: "Zoë"},
		{Username: "bob@ex.org", Email: "bob@ex.org", LastName: "Ann"},
		{Username: "cem", Email: "çem@example.org", FirstName: "Çem"},
		{Username: "dan", Email: "annd@example.com"},
		{Username: "eve"},
	}
	in := store.DigestOf(t, users)
	check := func(q user.Query) {
		var want []string
		for i := range users {
			if q.Matches(&users[i]) {
				want = append(want, users[i].Username)
			}
		}
		if marked, got := in(q); !slices.Equal(got, want) || len(want) > 0 && !marked {
			t.Errorf("%+v: got %v, want %v", q, got, want)
		}
	}
	for i := range users {
		for _, name := range []string{users[i].Username, users[i].Email, users[i].FirstName, users[i].LastName} {
			for begin := range name {
				for end := begin + 1; end <= len(name); end++ {
					part := name[begin:end]
					if !utf8.ValidString(part) {
						continue
					}
					for _, search := range []string{part, "*" + part + "*", `"` + part + `"`, part[:1] + "*" + part[1:], "*" + part[:len(part)/2] + "*" + part[len(part)-1:] + "*"} {
						check(user.Query{Search: search})
					}
					check(user.Query{Email: part})
					check(user.Query{Email: part, Exact: true})
					check(user.Query{Username: part, LastName: "a"})
				}
			}
		}
	}
}

// Of a digest that is broken either that is told, or it is searched without harm.
func TestBrokenDigests(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		users := make([]user.User, rapid.IntRange(1, 5).Draw(r, "users"))
		for i := range users {
			users[i] = aPerson(r, i)
		}
		packed := store.Pack(users)
		if rapid.Bool().Draw(r, "cut") {
			packed = packed[:rapid.IntRange(0, len(packed)-1).Draw(r, "length")]
		} else {
			packed[rapid.IntRange(0, len(packed)-1).Draw(r, "place")] ^= rapid.Byte().Draw(r, "change")
		}
		q := aQuery(r)
		q.Group = ""
		_, _ = store.SearchPacked(packed, q) // whoever is found or not, nothing panics
	})
	for n := range 20 {
		if _, err := store.SearchPacked(make([]byte, n), user.Query{}); (err == nil) != (n == 16) {
			t.Errorf("%d empty columns: %v", n, err)
		}
	}
}

// The marks of a thousand users lead to few digests in vain.
func TestMarksAreRarelyOfNobody(t *testing.T) {
	var users []user.User
	for a, err := range crowd(1000) {
		must(t, err)
		users = append(users, a.User)
	}
	in := store.DigestOf(t, users)
	const tried = 26 * 26 * 26
	wrong := 0
	for i := range tried {
		letters := string([]byte{'a' + byte(i/676), 'a' + byte(i/26%26), 'a' + byte(i%26)})
		if marked, names := in(user.Query{Search: "*" + letters + "*"}); marked && len(names) == 0 {
			wrong++
		}
	}
	if wrong > tried/50 {
		t.Errorf("%d of %d texts are taken for parts of names that they are no part of", wrong, tried)
	}
}

// A search that meets a range without a digest has one made, of large realms only.
func TestSearchesHaveDigestsMade(t *testing.T) {
	store.ShrinkSearch(t)
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		newShop(t, s)
		must(t, s.CreateRealm(t.Context(), realm.New("large", realm.Settings{Name: "large"}), nil, crowd(10), nil))
		all := func(s *store.Store) bool { return s.Digested(t, "large") == 4 }
		within(t, 10*time.Second, "the digests of a new realm are made", func() bool { return all(s) })

		must(t, s.CreateUser(t.Context(), "large", user.Account{User: user.User{ID: "new", Username: "zzz", Email: "q@example.org"}}, nil))
		find := func() (names []string) {
			found, err := s.FindUsers(t.Context(), "large", user.Query{Search: "*z*"}, 0, 10)
			must(t, err)
			for _, a := range found {
				names = append(names, a.User.Username)
			}
			return names
		}
		if diff := cmp.Diff([]string{"zzz"}, find()); diff != "" {
			t.Error(diff)
		}
		within(t, 10*time.Second, "an outdated digest is made anew", func() bool { return all(s) })
		if diff := cmp.Diff([]string{"zzz"}, find()); diff != "" {
			t.Error(diff)
		}

		must(t, s.CreateUser(t.Context(), shop, user.Account{User: user.User{ID: "one", Username: "one"}}, nil))
		if n := s.Digest(t, shop); n != 0 {
			t.Errorf("a realm with one range has %d digests", n)
		}
	})
}

// What digests are made of goes with its realm.
func TestDigestsGoWithTheirRealm(t *testing.T) {
	store.ShrinkSearch(t)
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		must(t, s.CreateRealm(t.Context(), realm.New("large", realm.Settings{Name: "large"}), nil, crowd(10), nil))
		s.Digest(t, "large")
		must(t, s.DeleteRealm(t.Context(), "large", nil))
		within(t, 10*time.Second, "no digest is left", func() bool { return s.Digested(t, "large") == 0 })
	})
}

func BenchmarkDigest(b *testing.B) {
	var users []user.User
	for a, err := range townsfolk(1000) {
		must(b, err)
		users = append(users, a.User)
	}
	in := store.DigestOf(b, users)
	b.Run("make", func(b *testing.B) {
		cpu(b)
		for b.Loop() {
			store.DigestOf(b, users)
		}
	})
	for _, search := range []string{"*example*", "*zq*", "smith jones"} {
		b.Run(strings.ReplaceAll(search, "*", ""), func(b *testing.B) {
			cpu(b)
			for b.Loop() {
				in(user.Query{Search: search})
			}
		})
	}
}
