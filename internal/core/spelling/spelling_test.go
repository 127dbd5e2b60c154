package spelling_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/spelling"
)

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"listen", "listen", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"lisen", "listen", 1},
		{"upstream-uri", "upstream-url", 1},
		{"client-ids", "client-id", 1},
		{"ab", "ba", 2},
		{"kitten", "sitting", 3},
	} {
		if got := spelling.Distance(tt.a, tt.b); got != tt.want {
			t.Errorf("from %q to %q: %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}
