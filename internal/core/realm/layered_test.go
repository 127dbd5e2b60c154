package realm

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// However often it is changed and copied, a layered map is what a plain one would be, and copies do
// not disturb each other.
func TestLayeredIsAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type pair struct {
			want map[string]int
			got  layered[int]
		}
		pairs := []pair{{want: map[string]int{}}}
		steps := rapid.IntRange(1, 200).Draw(t, "steps")
		for range steps {
			p := &pairs[rapid.IntRange(0, len(pairs)-1).Draw(t, "which")]
			key := rapid.StringMatching("[a-f]{1,2}").Draw(t, "key")
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0:
				delete(p.want, key)
				p.got.drop(key)
			case 1:
				pairs = append(pairs, pair{maps.Clone(p.want), p.got.clone()})
			default:
				value := rapid.IntRange(1, 9).Draw(t, "value")
				p.want[key] = value
				p.got.put(key, value)
			}
		}
		for _, p := range pairs {
			for _, key := range []string{"a", "b", "ab", "ff"} {
				if p.got.get(key) != p.want[key] {
					t.Fatalf("%s is %d, want %d", key, p.got.get(key), p.want[key])
				}
			}
			want, got := slices.Sorted(maps.Values(p.want)), slices.Sorted(p.got.all())
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}
