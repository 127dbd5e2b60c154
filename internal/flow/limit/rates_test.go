package limit_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/oauth"
	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
	"github.com/tokenhouse/tokenhouse/internal/store"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// began is the begin of a window of ten seconds.
var began = time.Date(2026, 3, 1, 12, 0, 20, 0, time.UTC)

// limited is a realm with limits by their names.
func limited(rates map[realm.LimitName]realm.Rate) *realm.Realm {
	r := &realm.Realm{Key: "shop-key"}
	for name, rate := range rates {
		r.Limits[name.Asked][name.By] = rate
	}
	return r
}

// wait is after how long a request may come again; zero where it passes.
func wait(t *testing.T, err error) time.Duration {
	t.Helper()
	if err == nil {
		return 0
	}
	refused, ok := errors.AsType[*oauth.Error](err)
	if !ok || refused.Status != 429 || refused.Code != oauth.SlowDown {
		t.Fatalf("refused by %v", err)
	}
	return refused.Retry
}

func TestRates(t *testing.T) {
	ten := realm.Rate{Most: 2, Span: 10 * time.Second}
	for _, name := range realm.LimitNames() {
		t.Run(name.String(), func(t *testing.T) {
			r, l := limited(map[realm.LimitName]realm.Rate{name: ten}), &limit.Rates{}
			ask := func(who string, after time.Duration) time.Duration {
				return wait(t, l.Allow(t.Context(), r, limit.Request{Asked: name.Asked, By: name.By, Who: who, Now: began.Add(after)}))
			}
			for i, step := range []struct {
				who   string
				after time.Duration
				want  time.Duration
			}{
				{"a", 0, 0},
				{"a", 3 * time.Second, 0},
				{"a", 3 * time.Second, 7 * time.Second},
				{"b", 4 * time.Second, 0},
				{"a", 9500 * time.Millisecond, 500 * time.Millisecond},
				{"a", 10 * time.Second, 0}, // another window
				{"a", 9 * time.Second, 0},  // a clock that was set back: counted with those of the window that was begun
				{"a", 10 * time.Second, 10 * time.Second},
				{"a", 31 * time.Second, 0},
			} {
				if got := ask(step.who, step.after); got != step.want {
					t.Errorf("step %d: has to wait for %s, want %s", i+1, got, step.want)
				}
			}
		})
	}
}

// TestRatesApart: what is counted by one limit is not counted by others, nor in other realms; an exchange is a request to the
// token endpoint too.
func TestRatesApart(t *testing.T) {
	once := realm.Rate{Most: 1, Span: 10 * time.Second}
	r := limited(map[realm.LimitName]realm.Rate{{Asked: realm.AskedToken, By: realm.ByClient}: once,
		{Asked: realm.AskedIntrospection, By: realm.ByClient}: once, {Asked: realm.AskedToken, By: realm.ByUser}: once})
	other := *r
	other.Key = "other-key"
	l := &limit.Rates{}
	for i, step := range []struct {
		realm   *realm.Realm
		asked   realm.Asked
		by      realm.Axis
		refused bool
	}{
		{r, realm.AskedExchange, realm.ByClient, false},
		{r, realm.AskedToken, realm.ByClient, true},
		{r, realm.AskedExchange, realm.ByClient, true},
		{r, realm.AskedIntrospection, realm.ByClient, false},
		{r, realm.AskedIntrospection, realm.ByClient, true},
		{r, realm.AskedToken, realm.ByUser, false},
		{r, realm.AskedToken, realm.ByAddress, false}, // has no limit
		{r, realm.AskedToken, realm.ByAddress, false},
		{&other, realm.AskedToken, realm.ByClient, false},
	} {
		got := wait(t, l.Allow(t.Context(), step.realm, limit.Request{Asked: step.asked, By: step.by, Who: "x", Now: began})) > 0
		if got != step.refused {
			t.Errorf("step %d: refused: %t", i+1, got)
		}
	}
}

// TestRatesByNetwork: who has a whole network of addresses has one limit.
func TestRatesByNetwork(t *testing.T) {
	r := limited(map[realm.LimitName]realm.Rate{{Asked: realm.AskedToken, By: realm.ByAddress}: {Most: 1, Span: time.Minute}})
	l := &limit.Rates{}
	for i, step := range []struct {
		address string
		refused bool
	}{
		{"2001:db8::1", false}, {"2001:db8::2", true}, {"2001:db8:0:1::1", false},
		{"192.0.2.1", false}, {"192.0.2.2", false}, {"192.0.2.1", true},
		{"", false}, {"", true},
	} {
		got := wait(t, l.Allow(t.Context(), r, limit.Request{Asked: realm.AskedToken, By: realm.ByAddress, Who: step.address, Now: began})) > 0
		if got != step.refused {
			t.Errorf("step %d, from %q: refused: %t", i+1, step.address, got)
		}
	}
}

// TestRatesAtOnce: of all who ask at once, on one node or on two of one database, as many pass as may, in each window.
func TestRatesAtOnce(t *testing.T) {
	rate := realm.Rate{Most: 45, Span: 10 * time.Second}
	r := limited(map[realm.LimitName]realm.Rate{{Asked: realm.AskedToken, By: realm.ByClient}: rate})
	rush := func(t *testing.T, nodes ...*limit.Rates) {
		for window := range 2 {
			var passed atomic.Int64
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					q := limit.Request{Asked: realm.AskedToken, By: realm.ByClient, Who: "till", Now: began.Add(time.Duration(window) * rate.Span)}
					for {
						err := nodes[i%len(nodes)].Allow(context.Background(), r, q)
						if err != nil {
							if _, ok := errors.AsType[*oauth.Error](err); !ok {
								t.Error(err)
							}
							return
						}
						passed.Add(1)
					}
				})
			}
			all.Wait()
			if passed.Load() != int64(rate.Most) {
				t.Errorf("%d of %d passed in window %d", passed.Load(), rate.Most, window+1)
			}
		}
	}
	t.Run("one node", func(t *testing.T) { rush(t, &limit.Rates{}) })
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		rush(t, &limit.Rates{Shares: st}, &limit.Rates{Shares: st})
	})
}

// asked counts what nodes ask, and gives what they want.
type asked struct {
	times int
	left  int
	err   error
}

func (a *asked) TakeShare(_ context.Context, _ string, s realm.Share) (int, error) {
	a.times++
	if a.err != nil {
		return 0, a.err
	}
	got := min(s.Want, a.left)
	a.left -= got
	return got, nil
}

// TestRatesAskSeldom: nodes ask for shares, not for each request, and not at all for who has used theirs up.
func TestRatesAskSeldom(t *testing.T) {
	r := limited(map[realm.LimitName]realm.Rate{{Asked: realm.AskedToken, By: realm.ByClient}: {Most: 100, Span: time.Minute}})
	shares := &asked{left: 100}
	l := &limit.Rates{Shares: shares}
	q := limit.Request{Asked: realm.AskedToken, By: realm.ByClient, Who: "till", Now: began}
	for range 1000 {
		wait(t, l.Allow(t.Context(), r, q))
	}
	if shares.times != 11 {
		t.Errorf("asked %d times", shares.times)
	}
}

// TestRatesFail: nobody passes uncounted, and nothing is made up.
func TestRatesFail(t *testing.T) {
	r := limited(map[realm.LimitName]realm.Rate{{Asked: realm.AskedToken, By: realm.ByClient}: {Most: 1, Span: time.Minute}})
	shares := &asked{left: 1, err: errors.New("the database is away")}
	l := &limit.Rates{Shares: shares}
	q := limit.Request{Asked: realm.AskedToken, By: realm.ByClient, Who: "till", Now: began}
	if err := l.Allow(t.Context(), r, q); !errors.Is(err, shares.err) {
		t.Errorf("the database is away: %v", err)
	}
	shares.err = nil
	if err := l.Allow(t.Context(), r, q); err != nil {
		t.Errorf("and back: %v", err)
	}
}

// TestRatesForget: memory does not grow with those who ask.
func TestRatesForget(t *testing.T) {
	r := limited(map[realm.LimitName]realm.Rate{{Asked: realm.AskedToken, By: realm.ByClient}: {Most: 1, Span: time.Minute}})
	l := &limit.Rates{}
	for i := range 100_001 {
		q := limit.Request{Asked: realm.AskedToken, By: realm.ByClient, Who: strconv.Itoa(i), Now: began}
		if err := l.Allow(t.Context(), r, q); err != nil {
			t.Fatal(err)
		}
	}
	passed := 0
	for i := range 100_001 {
		q := limit.Request{Asked: realm.AskedToken, By: realm.ByClient, Who: strconv.Itoa(i), Now: began}
		if l.Allow(t.Context(), r, q) == nil {
			passed++
		}
	}
	if passed == 0 || passed > 100 { // who was forgotten, and who was forgotten for them
		t.Errorf("%d pass again", passed)
	}
}
