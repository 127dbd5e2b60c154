package store_test

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/core/user"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// million is how many users are searched.
const million = 1_000_000

// BenchmarkSearchUsers measures what an administrator waits for in a realm with a million users, once its digests are
// made, and prints a table: of each kind of question the one that takes longest, when it is asked for the first time and
// nothing is remembered of it, and when it is asked again. CPU time is that of this process, without the database's.
// Each column has a slowest of its own; the question named is the one that took longest at first.
func BenchmarkSearchUsers(b *testing.B) {
	eachKept(b, func(b *testing.B, url string) {
		s := storetest.Open(b, url)
		if n, err := s.CountUsers(b.Context(), shop, user.Query{}); err != nil || n == 0 {
			begin := time.Now()
			must(b, s.CreateRealm(b.Context(), realm.New(shop, realm.Settings{Name: "shop"}), nil, townsfolk(million), nil))
			fmt.Printf("a million users are made in %v\n", time.Since(begin).Round(time.Second))
		}
		begin := time.Now()
		digests := s.Digest(b, shop)
		fmt.Printf("%d digests are there after %v\n", digests, time.Since(begin).Round(time.Second))
		s.ForgetDigests()
		read := timed(b, func() error { return s.Warm(b.Context()) })
		fmt.Printf("and read, %d MB, which a server does in the background, in %v, of CPU %v\n", s.Remembered()>>20, read.elapsed, read.cpu)

		runtime.GC()
		var table strings.Builder
		fmt.Fprintf(&table, "%8s %8s %8s %8s   the slowest of each kind of question, and of how many\n", "first ms", "CPU", "again ms", "CPU")
		for _, k := range questionsAsked() {
			var first, again slowest
			for _, q := range k.questions {
				ask := func() error { return q.ask(b.Context(), s) }
				if k.forgotten {
					s.ForgetDigests()
				}
				first.add(q, timed(b, ask))
				again.add(q, timed(b, ask))
			}
			b.Run(k.name, func(b *testing.B) {
				for b.Loop() {
					must(b, first.by.ask(b.Context(), s))
				}
				b.ReportMetric(ms(first.elapsed), "first-ms")
				b.ReportMetric(ms(first.cpu), "first-cpu-ms")
			})
			fmt.Fprintf(&table, "%8.1f %8.1f %8.1f %8.1f   %s (%d): %s\n", ms(first.elapsed), ms(first.cpu), ms(again.elapsed), ms(again.cpu),
				k.name, len(k.questions), first.by)
		}
		fmt.Print(table.String())
	})
}

// took is how long something took.
type took struct{ elapsed, cpu time.Duration }

func timed(b *testing.B, do func() error) took {
	b.Helper()
	begin, atWork := time.Now(), cpuTime(b)
	must(b, do())
	return took{time.Since(begin).Round(time.Microsecond), time.Duration(cpuTime(b) - atWork).Round(time.Microsecond)}
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// slowest is the longest that a question took, and the most CPU time.
type slowest struct {
	took
	by question
}

func (s *slowest) add(q question, t took) {
	if t.elapsed > s.elapsed {
		s.elapsed, s.by = t.elapsed, q
	}
	s.cpu = max(s.cpu, t.cpu)
}

// question asks for a page of twenty users, or how many there are.
type question struct {
	query  user.Query
	first  int
	number bool
}

func (q question) ask(ctx context.Context, s *store.Store) error {
	if q.number {
		return second(s.CountUsers(ctx, shop, q.query))
	}
	return second(s.FindUsers(ctx, shop, q.query, q.first, 20))
}

func (q question) String() string {
	var what []string
	note := func(name string, value any) {
		if text := fmt.Sprint(value); text != "" && text != "map[]" {
			what = append(what, name+" "+text)
		}
	}
	note("search", q.query.Search)
	note("email", q.query.Email)
	note("first", q.query.FirstName)
	note("last", q.query.LastName)
	note("attribute", q.query.Attributes)
	note("role", q.query.Role)
	if q.query.Enabled != nil {
		note("enabled", *q.query.Enabled)
	}
	if !q.query.CreatedAfter.IsZero() {
		note("created after", q.query.CreatedAfter.Format(time.DateTime))
	}
	if q.number {
		what = append(what, "number")
	} else {
		note("from", q.first)
	}
	return strings.Join(what, ", ")
}

// kind is questions of one kind.
type kind struct {
	name      string
	questions []question
	forgotten bool // digests are not in memory
}

// questionsAsked are all kinds of questions about townsfolk. None is asked twice, but for its number.
func questionsAsked() []kind {
	searches := func(texts ...string) (out []user.Query) {
		for _, text := range texts {
			out = append(out, user.Query{Search: text})
		}
		return out
	}
	pages := func(first int, of []user.Query) (out []question) {
		for _, q := range of {
			out = append(out, question{query: q, first: first})
		}
		return out
	}
	numbers := func(of []user.Query) (out []question) {
		for _, q := range of {
			out = append(out, question{query: q, number: true})
		}
		return out
	}
	every := func(form, letters string) (out []user.Query) {
		for _, letter := range letters {
			out = append(out, user.Query{Search: fmt.Sprintf(form, string(letter))})
		}
		return out
	}
	const letters = "abcdefghijklmnopqrstuvwxyz"
	off, on := false, true
	someone := []user.Query{{Search: "mary.lopez500021"}, {Search: `"mary.lopez500021"`}, {Search: `"smith.nobody"`},
		{Email: "mary.lopez500021@example.org", Exact: true}, {Username: "lopez500021"}, {Attributes: map[string]string{"badge": "777777"}}}
	rare := append(searches("*z50002*", "*9999*", "*999999999*", "*12345*", "*77777*", "nobody", "*nobody*", "*zq*", "*qx*", "smith jones",
		"*@example.com", "lopez500", "mary.lopez5 mary.lopez50", "*lopez*999*", "*0000@*"), user.Query{Enabled: &off})
	common := append(append(every("%s", letters), every("*%s*", "0123456789@.")...), append(every("*%se*", letters), searches("smi", "mary lopez", "*example*",
		"lopez mi", "*99*", "*@example.org", "*.org", "*a*e*", "*1@e*", "mary.*1*@example")...)...)
	parts := []user.Query{{LastName: "th"}, {FirstName: "a", LastName: "o"}, {Search: "*1*", LastName: "o"}, {Search: "*a*", Email: "9"},
		{Search: "*e* *a* *r* *i*"}, {Username: "e", Email: "ple", FirstName: "r", LastName: "o"}, {Search: "j* *7*", Enabled: &on}, {LastName: "Smith", Exact: true}}
	links := []user.Query{{Attributes: map[string]string{"team": "red"}}, {Role: "everybody"}, {Role: "everybody", Attributes: map[string]string{"team": "blue"}},
		{Enabled: &on}, {CreatedAfter: at.Add(-time.Hour)}, {CreatedAfter: at.Add(time.Hour)}, {Search: "*e*", Attributes: map[string]string{"team": "green"}}}
	var all []question
	for first := range 10 {
		all = append(all, question{first: first * million / 10})
	}
	return []kind{
		{name: "pages of all", questions: all},
		{name: "the number of all", questions: numbers([]user.Query{{}})},
		{name: "somebody by a whole name, an address or a badge", questions: pages(0, someone)},
		{name: "few or none by a part of names", questions: pages(0, rare)},
		{name: "the number of few or none by a part of names", questions: numbers(searches("*z50003*", "*8888*", "*888888888*", "*54321*", "*nobodys*", "*zx*", "jones smith"))},
		{name: "many by a part of names", questions: pages(0, common)},
		{name: "a page far down by a part of names", questions: pages(900_000, every("*%s*", letters))},
		{name: "the number of many by a part of names", questions: numbers(append(every("*%sa*", letters), searches("*o*", "*example.*", "*@exam*", "mary", "*i*n*", "*2@e*", "*ez*")...))},
		{name: "many by parts of several names", questions: pages(0, parts)},
		{name: "a page far down by parts of several names", questions: pages(200_000, []user.Query{{Search: "*2*", LastName: "o"}, {FirstName: "i", LastName: "a"}, {Search: "*o* *m*"}, {Search: "*r*", Email: "8"}})},
		{name: "the number of many by parts of several names", questions: numbers([]user.Query{{Search: "*3*", LastName: "o"}, {FirstName: "r", LastName: "e"},
			{Search: "*l* *e*"}, {Search: "*e* *x* *p* *o*"}, {Search: "*s*", Email: "4"}})},
		{name: "many by attribute, role, time or being enabled", questions: pages(0, links)},
		{name: "a page far down by attribute, role or time", questions: pages(300_000, []user.Query{{Attributes: map[string]string{"team": "blue"}}, {Enabled: &on, Role: "everybody"},
			{CreatedAfter: at.Add(-2 * time.Hour)}, {Search: "*m*", Role: "everybody"}})},
		{name: "the number of many by attribute, role or time", questions: numbers([]user.Query{{Attributes: map[string]string{"team": "green"}}, {Enabled: &on, Attributes: map[string]string{"team": "red"}},
			{Role: "everybody", Search: "*n*"}, {CreatedAfter: at.Add(-3 * time.Hour)}, {Role: "everybody", Enabled: &off}})},
		{name: "numbers before the digests are in memory", forgotten: true, questions: numbers(searches("*s*r*", "*8*", "*e*7*"))},
	}
}

// kept is the environment variable that names databases, separated by commas, which keep the million users from one run to
// the next; without it each run makes them.
const kept = "BENCH_DATABASES"

func eachKept(b *testing.B, run func(b *testing.B, url string)) {
	urls := os.Getenv(kept)
	if urls == "" {
		b.Run("sqlite", func(b *testing.B) { run(b, storetest.File(b)) })
		b.Run("postgres", func(b *testing.B) { run(b, storetest.DurablePostgres(b)) })
		return
	}
	for url := range strings.SplitSeq(urls, ",") {
		kind, _, _ := strings.Cut(url, ":")
		b.Run(kind, func(b *testing.B) { run(b, url) })
	}
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
