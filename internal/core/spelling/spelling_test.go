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

func TestNearest(t *testing.T) {
	names := []string{"listen", "upstream-url", "upstream-uri"}
	for _, tt := range []struct {
		name  string
		below int
		want  string
	}{
		{"lisen", 2, "listen"},
		{"lisen", 1, ""},
		{"upstream-ur", 4, "upstream-url"},
		{"upstream-uri", 4, "upstream-uri"},
		{"verbose", 4, ""},
	} {
		if got := spelling.Nearest(tt.name, names, tt.below); got != tt.want {
			t.Errorf("%q below %d: %q, want %q", tt.name, tt.below, got, tt.want)
		}
	}
}
