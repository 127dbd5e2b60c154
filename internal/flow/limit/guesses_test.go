package limit_test

import (
	"testing"
	"time"

	"github.com/tokenhouse/tokenhouse/internal/flow/limit"
)

func TestGuesses(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	g := &limit.Guesses{Most: 3, Span: time.Minute, Now: func() time.Time { return now }}
	for i := range 3 {
		if !g.Allow("mallory") {
			t.Fatalf("guess %d is not allowed", i+1)
		}
		g.Failed("mallory")
	}
	if g.Allow("mallory") {
		t.Error("a fourth guess is allowed")
	}
	if !g.Allow("alice") {
		t.Error("somebody else may not guess")
	}
	now = now.Add(time.Minute)
	if g.Allow("mallory") {
		t.Error("forgotten at once when a span ends")
	}
	now = now.Add(time.Minute)
	if !g.Allow("mallory") {
		t.Error("not forgotten after two spans")
	}
}
