package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/event"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// people is a model of the users of the shop, and what the store is asked of them.
type people struct {
	t    *testing.T
	s    *store.Store
	byID map[string]user.User
}

func (p *people) add(u user.User) {
	must(p.t, p.s.CreateUser(p.t.Context(), shop, user.Account{User: u}, nil))
	p.byID[u.ID] = u
}

func (p *people) change(id string, to user.User) {
	to.ID = id
	must(p.t, p.s.EditUser(p.t.Context(), shop, id, func(a *user.Account) ([]event.Admin, error) {
		a.User = to
		return nil, nil
	}))
	p.byID[id] = to
}

func (p *people) remove(id string) {
	must(p.t, p.s.DeleteUser(p.t.Context(), shop, id, nil))
	delete(p.byID, id)
}

// want are the ids of those a query asks for, by username.
func (p *people) want(q user.Query) []string {
	var found []user.User
	for _, u := range p.byID {
		if q.Matches(&u) {
			found = append(found, u)
		}
	}
	slices.SortFunc(found, func(a, b user.User) int { return cmp.Compare(a.Username, b.Username) })
	ids := make([]string, len(found))
	for i, u := range found {
		ids[i] = u.ID
	}
	return ids
}

func (p *people) check(t interface{ Fatalf(string, ...any) }, q user.Query, first, max int) {
	want := p.want(q)
	n, err := p.s.CountUsers(p.t.Context(), shop, q)
	must(p.t, err)
	if n != len(want) {
		t.Fatalf("%d users of %+v are counted, want %d", n, q, len(want))
	}
	want = want[min(first, len(want)):]
	if max >= 0 {
		want = want[:min(max, len(want))]
	}
	found, err := p.s.FindUsers(p.t.Context(), shop, q, first, max)
	must(p.t, err)
	got := make([]string, len(found))
	for i := range found {
		got[i] = found[i].User.ID
	}
	if !slices.Equal(got, want) {
		t.Fatalf("%+v from %d at most %d: got %v, want %v", q, first, max, got, want)
	}
}

var (
	firstNames = []string{"Ann", "Anne", "Bob", "Çem", "Zoë", "", "x_y", "50%"}
	lastNames  = []string{"Ames", "O'Hara", "van der Meer", "Ångström", "a", ""}
	words      = []string{"ann", "*nn*", `"ann"`, "a", "*a*", "zo", "ÇEM", "*ngstr*", "a*s", "*@*org", "user", "user1", "%", "_", "x_", "*50%*", `"`, `""`, "*", "van", "user12", "*r1*2*",
		"*r1@*", "user1@*", "*2@ex*", "user3@example", `"user1@example.org"`, "*er*.o*", "u*1*g"}
)

func aPerson(r *rapid.T, id int) user.User {
	pick := func(what string, of []string) string { return rapid.SampledFrom(of).Draw(r, what) }
	u := user.User{
		ID: fmt.Sprintf("id-%d", id), Username: fmt.Sprintf("user%d", id), FirstName: pick("first name", firstNames), LastName: pick("last name", lastNames),
		Enabled: rapid.Bool().Draw(r, "enabled"), EmailVerified: rapid.Bool().Draw(r, "verified"),
		Created: at.Add(time.Duration(rapid.IntRange(0, 3).Draw(r, "created")) * time.Hour),
	}
	if rapid.Bool().Draw(r, "mail") {
		u.Email = fmt.Sprintf("%s%d@example.org", strings.ToLower(pick("address", []string{u.FirstName, "user"})), id)
	}
	if rapid.IntRange(0, 5).Draw(r, "account") == 0 {
		u.ServiceAccount = "client"
	}
	if rapid.Bool().Draw(r, "attributes") {
		u.Attributes = map[string][]string{"colour": {pick("colour", []string{"red", "green"}), "blue"}, "badge": {fmt.Sprint(id)}}
	}
	if rapid.Bool().Draw(r, "linked") {
		u.Links = []user.Link{{Provider: pick("provider", []string{"a", "b"}), Subject: fmt.Sprint(id % 3)}}
	}
	if rapid.Bool().Draw(r, "member") {
		u.Roles, u.GroupKeys = []string{"role"}, []string{"group"}
	}
	return u
}

func aQuery(r *rapid.T) user.Query {
	var q user.Query
	sometimes := func(what string, do func()) {
		if rapid.IntRange(0, 4).Draw(r, what) == 0 {
			do()
		}
	}
	pick := func(what string, of []string) string { return rapid.SampledFrom(of).Draw(r, what) }
	yes := rapid.Bool().Draw(r, "yes")
	sometimes("search", func() { q.Search = strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 3).Draw(r, "words"), " ") })
	sometimes("exact", func() { q.Exact = true })
	sometimes("username", func() { q.Username = pick("part", []string{"er1", "USER12", "r", "user3", "*1", "r*"}) })
	sometimes("email", func() {
		q.Email = pick("part", []string{"ann", "EXAMPLE", "bob3@example.org", "user3@example.org", "1@", "r2@e", "user1"})
	})
	sometimes("first", func() { q.FirstName = pick("part", []string{"nn", "Ann", "zoë", "_", "%"}) })
	sometimes("last", func() { q.LastName = pick("part", []string{"ames", "a", "der M", "Ångström"}) })
	sometimes("enabled", func() { q.Enabled = &yes })
	sometimes("verified", func() { q.EmailVerified = &yes })
	sometimes("attribute", func() { q.Attributes = map[string]string{"colour": pick("colour", []string{"red", "blue", "Red"})} })
	sometimes("badge", func() { q.Attributes = map[string]string{"badge": "3", "colour": "blue"} })
	sometimes("provider", func() { q.Provider = pick("provider", []string{"a", "c"}) })
	sometimes("subject", func() { q.ProviderUser = "1" })
	sometimes("after", func() { q.CreatedAfter = at.Add(time.Duration(rapid.IntRange(1, 2).Draw(r, "hours")) * time.Hour) })
	sometimes("before", func() { q.CreatedBefore = at.Add(2 * time.Hour) })
	sometimes("role", func() { q.Role = "role" })
	sometimes("group", func() { q.Group = "group" })
	sometimes("accounts", func() { q.ServiceAccounts = true })
	return q
}

// Whatever is asked for after whatever changes, the database finds whom the query describes, also where
// ranges are small enough to be split, and indexes are left for leading to too many: then by digests, of which some
// are outdated.
func TestUsersThatAreFoundAreThoseWhoMatch(t *testing.T) {
	for name, small := range map[string]bool{"few": false, "many": true} {
		t.Run(name, func(t *testing.T) {
			if small {
				store.ShrinkSearch(t)
			}
			storetest.Each(t, func(t *testing.T, s *store.Store) {
				newShop(t, s)
				p := &people{t, s, map[string]user.User{}}
				rapid.Check(t, func(r *rapid.T) {
					for range rapid.IntRange(1, 4).Draw(r, "changes") {
						id := rapid.IntRange(0, 40).Draw(r, "user")
						u := aPerson(r, id)
						_, there := p.byID[u.ID]
						switch {
						case !there:
							p.add(u)
						case rapid.Bool().Draw(r, "remove"):
							p.remove(u.ID)
						case rapid.Bool().Draw(r, "rename"):
							u.Username = fmt.Sprintf("other%d", id)
							p.change(u.ID, u)
						default:
							p.change(u.ID, u)
						}
					}
					if rapid.Bool().Draw(r, "digest") {
						s.Digest(t, shop)
					}
					if rapid.Bool().Draw(r, "forget") {
						s.ForgetDigests()
					}
					for range 3 {
						first, max := rapid.IntRange(0, 10).Draw(r, "first"), rapid.IntRange(-1, 10).Draw(r, "max")
						p.check(r, aQuery(r), first, max)
					}
				})
			})
		})
	}
}

func TestUsersAreFoundWithExtraAndWithoutCredentials(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		want := user.Account{User: user.User{ID: "a", Username: "ann", Extra: realm.Extra{"x": []byte("1")}}}
		with := want
		with.Credentials = []user.Credential{{ID: "c"}}
		must(t, s.CreateUser(t.Context(), shop, with, nil))
		got, err := s.FindUsers(t.Context(), shop, user.Query{Search: "ann"}, 0, 10)
		must(t, err)
		same(t, []user.Account{want}, got)
		none, err := s.FindUsers(t.Context(), "nowhere", user.Query{}, 0, 10)
		must(t, err)
		same(t, []user.Account{}, none)
		none, err = s.FindUsers(t.Context(), shop, user.Query{Search: "a\x00b"}, 0, 10)
		must(t, err)
		same(t, []user.Account{}, none)
	})
}

// Users of other realms are not found, though tokens are kept together.
func TestUsersOfOtherRealmsAreNotFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		newShop(t, s)
		must(t, s.CreateRealm(t.Context(), realm.New("other", realm.Settings{Name: "other"}), nil, crowd(10), nil))
		addUser(t, s, "id", "user-0001")
		for _, q := range []user.Query{{}, {Search: "user"}, {Search: "*0001*"}, {Username: "user-0001", Exact: true}} {
			n, err := s.CountUsers(t.Context(), shop, q)
			must(t, err)
			if n != 1 {
				t.Errorf("%+v finds %d", q, n)
			}
		}
	})
}

// Ranges stay right while many add, rename and remove users, and split them.
func TestUsersAreCountedWhileManyChangeThem(t *testing.T) {
	store.ShrinkSearch(t)
	storetest.EachURL(t, func(t *testing.T, url string) {
		nodes := []*store.Store{storetest.Open(t, url), storetest.Open(t, url)}
		newShop(t, nodes[0])
		const each = 30
		var working sync.WaitGroup
		for worker := range 6 {
			s := nodes[worker%len(nodes)]
			working.Go(func() {
				for i := range each {
					id := fmt.Sprintf("%d-%d", worker, i)
					u := user.User{ID: id, Username: fmt.Sprintf("user%d", i*7919%1000+worker*1000)}
					if err := s.CreateUser(t.Context(), shop, user.Account{User: u}, nil); err != nil {
						t.Error(err)
					}
					err := s.EditUser(t.Context(), shop, id, func(a *user.Account) ([]event.Admin, error) {
						a.User.Username = "renamed-" + id
						return nil, nil
					})
					if err != nil {
						t.Error(err)
					}
					if i%3 == 0 {
						if err := s.DeleteUser(t.Context(), shop, id, nil); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		working.Wait()
		const left = 6 * each * 2 / 3
		for _, s := range nodes {
			for name, q := range map[string]user.Query{"all": {}, "by a part": {Username: "named"}, "old names": {Search: "user*"}} {
				n, err := s.CountUsers(t.Context(), shop, q)
				must(t, err)
				if want := map[bool]int{true: left}[name != "old names"]; n != want {
					t.Errorf("%s: %d are counted, want %d", name, n, want)
				}
			}
			var names []string
			for first := 0; first < left; first += 7 {
				page, err := s.FindUsers(t.Context(), shop, user.Query{}, first, 7)
				must(t, err)
				for _, a := range page {
					names = append(names, a.User.Username)
				}
			}
			if len(names) != left || !slices.IsSorted(names) || len(slices.Compact(names)) != left {
				t.Errorf("the pages have %d users, want %d, each once", len(names), left)
			}
		}
	})
}

// Whatever is changed meanwhile, a search finds users as they are at one moment: here each has what is asked for at any.
func TestSearchesAreRightWhileManyChangeWhoIsFound(t *testing.T) {
	store.ShrinkSearch(t)
	storetest.EachURL(t, func(t *testing.T, url string) {
		nodes := []*store.Store{storetest.Open(t, url), storetest.Open(t, url)}
		const many = 40
		must(t, nodes[0].CreateRealm(t.Context(), realm.New(shop, realm.Settings{Name: "shop"}), nil, crowd(many), nil))
		all, err := nodes[0].FindUsers(t.Context(), shop, user.Query{}, 0, -1)
		must(t, err)
		var changing, searching sync.WaitGroup
		done := make(chan struct{})
		for worker, s := range nodes {
			changing.Go(func() {
				for i := range 100 {
					id := all[(i*7+worker*many/2)%many].User.ID
					err := s.EditUser(t.Context(), shop, id, func(a *user.Account) ([]event.Admin, error) {
						a.User.Username = fmt.Sprintf("%c-zz-%s", 'a'+(i*11+worker)%26, id)
						a.User.LastName = fmt.Sprint("zz", i)
						return nil, nil
					})
					if err != nil {
						t.Error(err)
					}
				}
			})
			searching.Go(func() {
				for q := (user.Query{Search: "*-*"}); ; q.ServiceAccounts = !q.ServiceAccounts {
					select {
					case <-done:
						return
					default:
					}
					n, err := s.CountUsers(t.Context(), shop, q)
					if err != nil || n != many {
						t.Errorf("%d are counted, want %d: %v", n, many, err)
						return
					}
					page, err := s.FindUsers(t.Context(), shop, q, many/2, many)
					if err != nil || len(page) != many/2 {
						t.Errorf("%d are found, want %d: %v", len(page), many/2, err)
						return
					}
				}
			})
		}
		changing.Wait()
		close(done)
		searching.Wait()
	})
}

// Users of before there was an index are found once the database was opened.
func TestUsersAreIndexedWhereTheyAreNot(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		must(t, s.CreateRealm(t.Context(), realm.New(shop, realm.Settings{Name: "shop"}), nil, crowd(manyUsers), nil))
		s.DropSearch(t, shop)
		if n := usersOf(t, s, shop); n != 0 {
			t.Fatalf("%d users are found without an index", n)
		}
		s = storetest.Open(t, url)
		for search, want := range map[string]int{"": manyUsers, "user-000": 10, "*-0001": 1} {
			n, err := s.CountUsers(t.Context(), shop, user.Query{Search: search})
			must(t, err)
			if n != want {
				t.Errorf("%q finds %d users, want %d", search, n, want)
			}
		}
	})
}
