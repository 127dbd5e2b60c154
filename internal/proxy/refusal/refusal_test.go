package refusal

import (
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/explain"
)

// TestNoteLeavesFixesAlone: explanations are shared by all who are refused for the same reason.
func TestNoteLeavesFixesAlone(t *testing.T) {
	shared := make([]explain.Fix, 1, 2)
	d := &Desk{Log: slog.New(slog.DiscardHandler)}
	d.note(httptest.NewRequest("GET", "/", nil), &Refusal{Hidden: shared, Fixes: []explain.Fix{{Command: "mine"}}}, "1")
	if beyond := shared[:2][1]; beyond != (explain.Fix{}) {
		t.Errorf("what others read holds %+v", beyond)
	}
}
