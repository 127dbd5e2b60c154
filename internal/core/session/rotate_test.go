package session_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tokenhouse/tokenhouse/internal/core/session"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// uses plays token→heir pairs of one family and gives the first error.
func uses(reuse int, steps ...[2]string) error {
	var g session.Grant
	for _, s := range steps {
		var err error
		if g, err = g.Rotate(session.Use{Family: "f", Token: s[0], Heir: s[1], Reuse: reuse, Now: noon}); err != nil {
			return err
		}
	}
	return nil
}

func TestRotate(t *testing.T) {
	tests := map[string]struct {
		reuse int
		steps [][2]string
		want  error
	}{
		"each once":                     {0, [][2]string{{"a", "b"}, {"b", "c"}, {"c", "d"}}, nil},
		"twice":                         {0, [][2]string{{"a", "b"}, {"a", "c"}}, session.ErrReused},
		"twice where once more is fine": {1, [][2]string{{"a", "b"}, {"a", "c"}}, nil},
		"thrice where once more is":     {1, [][2]string{{"a", "b"}, {"a", "c"}, {"a", "d"}}, session.ErrReused},
		"second heir":                   {1, [][2]string{{"a", "b"}, {"a", "c"}, {"c", "d"}}, nil},
		"heir passed over":              {1, [][2]string{{"a", "b"}, {"a", "c"}, {"c", "d"}, {"b", "e"}}, session.ErrSpent},
		"after its successor":           {0, [][2]string{{"a", "b"}, {"b", "c"}, {"a", "d"}}, session.ErrSpent},
		"after its successor, reuse":    {5, [][2]string{{"a", "b"}, {"b", "c"}, {"a", "d"}}, session.ErrSpent},
		"of nobody":                     {5, [][2]string{{"a", "b"}, {"x", "y"}}, session.ErrSpent},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if err := uses(tt.reuse, tt.steps...); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestRotateKeepsFamiliesApart(t *testing.T) {
	g, err := session.Grant{}.Rotate(session.Use{Family: "f", Token: "a", Heir: "b", Until: noon.Add(time.Hour), Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	next, err := g.Rotate(session.Use{Family: "g", Token: "x", Heir: "y", Until: noon.Add(time.Hour), Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	if len(g.Families) != 1 || len(next.Families) != 2 {
		t.Errorf("%d families before, %d after; the use must not change the grant it was made of", len(g.Families), len(next.Families))
	}
	if _, err := next.Rotate(session.Use{Family: "f", Token: "a", Now: noon}); !errors.Is(err, session.ErrReused) {
		t.Errorf("spent token of the other family: %v", err)
	}
	later, err := next.Rotate(session.Use{Family: "h", Token: "q", Now: noon.Add(2 * time.Hour)})
	if err != nil || len(later.Families) != 1 {
		t.Errorf("families whose tokens have expired are kept: %v, %v", later.Families, err)
	}
}

// Whatever is tried in whatever order, no token gives more heirs than it may.
func TestRotateNeverOverspends(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reuse := rapid.IntRange(0, 2).Draw(t, "reuse")
		var g session.Grant
		tokens, accepted, last := []string{"t0"}, map[string]int{}, 0
		for range rapid.IntRange(1, 30).Draw(t, "tries") {
			i := rapid.IntRange(0, len(tokens)-1).Draw(t, "token")
			heir := "t" + string(rune('0'+len(tokens)))
			next, err := g.Rotate(session.Use{Family: "f", Token: tokens[i], Heir: heir, Reuse: reuse, Now: noon})
			if err != nil {
				continue
			}
			if i < last {
				t.Fatalf("%s accepted after a later token", tokens[i])
			}
			last = i
			if accepted[tokens[i]]++; accepted[tokens[i]] > reuse+1 {
				t.Fatalf("%s accepted %d times", tokens[i], accepted[tokens[i]])
			}
			if next.RefreshID == g.RefreshID && next.RefreshUses == g.RefreshUses {
				t.Fatal("the use cannot be told from the one before")
			}
			g, tokens = next, append(tokens, heir)
		}
	})
}
