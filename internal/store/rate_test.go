package store_test

import (
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/core/realm"
	"github.com/tokenhouse/tokenhouse/internal/store/storetest"
)

// TestTakeShare: nodes take shares of one window, and another of the next.
func TestTakeShare(t *testing.T) {
	storetest.EachURL(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		window := func(i int) time.Time { return at.Add(time.Duration(i) * time.Minute) }
		take := func(who string, i, want, most int) int {
			t.Helper()
			got, err := s.TakeShare(t.Context(), shop, realm.Share{Who: who, Began: window(i), Until: window(i + 1), Want: want, Most: most})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		for i, step := range []struct {
			who          string
			window, want int
			got          int
		}{
			{"a", 1, 2, 2}, {"a", 1, 2, 2}, {"a", 1, 2, 1}, {"a", 1, 2, 0}, {"a", 1, 2, 0},
			{"b", 1, 2, 2},
			{"a", 2, 2, 2},
			{"a", 1, 2, 2}, // by a slow clock: of the window that has begun
			{"a", 2, 2, 1}, {"a", 2, 2, 0},
			{"a", 9, 2, 2},
		} {
			if got := take(step.who, step.window, step.want, 5); got != step.got {
				t.Errorf("step %d: took %d, want %d", i+1, got, step.got)
			}
		}
		if got := take("a", 9, 2, 1); got != 0 { // the limit is less meanwhile
			t.Errorf("took %d beyond a limit that was lowered", got)
		}
		if err := s.Sweep(t.Context(), window(10).Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if got := take("a", 9, 2, 2); got != 2 {
			t.Errorf("took %d after the sweep", got)
		}
	})
}
