package server_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/conformance"
)

// TestExchangeConformance asks this server what tokenhouse conformance asks any.
func TestExchangeConformance(t *testing.T) {
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			_, base := start(t, db.open(t), map[string][]byte{"conformance.json": conformance.Realm})
			results, err := conformance.Run(t.Context(), conformance.InRealm(base))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range results {
				if r.Outcome != conformance.Held {
					t.Errorf("%s: %s: %s: %s", r.Name, r.Says, r.Outcome, r.Why)
				}
			}
		})
	}
}
