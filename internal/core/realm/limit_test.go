package realm_test

import (
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
)

func TestParseRate(t *testing.T) {
	for text, want := range map[string]realm.Rate{
		"":                  {},
		"100/10s":           {Most: 100, Span: 10 * time.Second},
		"1/1s":              {Most: 1, Span: time.Second},
		"60/1m":             {Most: 60, Span: time.Minute},
		"1000/24h":          {Most: 1000, Span: 24 * time.Hour},
		"1000000000/86400s": {Most: 1_000_000_000, Span: 24 * time.Hour},
	} {
		got, err := realm.ParseRate(text)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
		if again, err := realm.ParseRate(got.String()); err != nil || again != want {
			t.Errorf("%q is written as %q", text, got)
		}
	}
	for _, text := range []string{"100", "/", "100/", "/10s", "0/10s", "-1/10s", "+1/10s", "1/+1s", "1/0s", "1/-1s", "1/s", "1/10", "1/10ms", "1/1.5h", "1/25h",
		"1/86401s", "1000000001/1s", "99999999999999999999/1s", "1/99999999999999999999s", "1/10s ", " 1/10s", "1/10S", "ten/10s", "1/10s/1"} {
		if got, err := realm.ParseRate(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestWindow(t *testing.T) {
	r := realm.Rate{Most: 100, Span: 10 * time.Second}
	began := time.Date(2026, 3, 1, 12, 0, 20, 0, time.UTC)
	for after, wait := range map[time.Duration]time.Duration{
		0: 10 * time.Second, time.Nanosecond: 10*time.Second - 1, 9 * time.Second: time.Second, 10*time.Second - 1: 1,
	} {
		now := began.Add(after)
		if !r.Window(now).Equal(began) || r.Wait(now) != wait {
			t.Errorf("%s after the begin: window of %s, wait for %s", after, r.Window(now), r.Wait(now))
		}
	}
	if next := began.Add(10 * time.Second); !r.Window(next).Equal(next) {
		t.Error("the next window does not begin where the first ends")
	}
}

func TestShare(t *testing.T) {
	for most, want := range map[int]int{1: 1, 9: 1, 10: 1, 25: 2, 1000: 100} {
		if got := (realm.Rate{Most: most, Span: time.Second}).Share(); got != want {
			t.Errorf("a share of %d is %d", most, got)
		}
	}
}

func TestLimitsOn(t *testing.T) {
	for _, n := range realm.LimitNames() {
		var l realm.Limits
		if l.On() {
			t.Error("the zero value limits something")
		}
		l[n.Asked][n.By] = realm.Rate{Most: 1, Span: time.Second}
		if !l.On() {
			t.Errorf("%s does not count", n)
		}
	}
}
