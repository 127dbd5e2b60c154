package login_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/login"
)

func TestBrowserIsBounded(t *testing.T) {
	long := strings.Repeat("x", login.MaxSize/4)
	for name, c := range map[string]struct {
		states []string // of the attempts that are opened
		want   int      // tabs in the end
	}{
		"one":                {[]string{"a"}, 1},
		"many":               {make([]string, 3*login.MaxTabs), login.MaxTabs},
		"long":               {[]string{long, long, long, long, long, long}, 4},
		"longer than all":    {[]string{"a", strings.Repeat(long, 8)}, 1},
		"short after longer": {[]string{strings.Repeat(long, 8), "a", "b"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var b login.Browser
			for i := range c.states {
				b.Open(&login.Attempt{Tab: fmt.Sprint(i), Request: login.Request{State: &c.states[i]}})
			}
			if len(b.Tabs) != c.want {
				t.Errorf("%d tabs, want %d", len(b.Tabs), c.want)
			}
			if last := fmt.Sprint(len(c.states) - 1); b.Tab(last) == nil {
				t.Error("the tab that was opened last is gone")
			}
			if b.Tabs[0].Tab != fmt.Sprint(len(c.states)-c.want) {
				t.Errorf("not the oldest were given up: %s is left", b.Tabs[0].Tab)
			}
		})
	}
}
