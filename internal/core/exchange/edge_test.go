package exchange_test

import (
	"testing"

	"github.com/tokenhouse/tokenhouse/internal/core/audience"
	"github.com/tokenhouse/tokenhouse/internal/core/exchange"
)

// Edge says no where every exchange is refused, or goes without the audience.
func TestEdge(t *testing.T) {
	for name, tt := range map[string]struct {
		setup, from, to string
		want            bool
	}{
		"a mapper names it":         {"", "gateway", "orders", true},
		"a role leads to it":        {"", "gateway", "billing", true},
		"nothing leads to it":       {"", "gateway", "outsider", false},
		"nothing but the list":      {`tokenhouse admin update clients/gateway -r shop -s 'attributes."tokenhouse.exchange.permitted"=outsider'`, "gateway", "outsider", true},
		"not on the list":           {`tokenhouse admin update clients/gateway -r shop -s 'attributes."tokenhouse.exchange.permitted"=outsider'`, "gateway", "orders", false},
		"does not accept":           {`tokenhouse admin update clients/orders -r shop -s 'attributes."tokenhouse.exchange.accepts"=##'`, "gateway", "orders", false},
		"disabled":                  {"tokenhouse admin update clients/orders -r shop -s enabled=false", "gateway", "orders", false},
		"exchange is off":           {"", "plain", "orders", false},
		"public, and may not":       {"", "kiosk", "orders", false},
		"unlisted under deny":       {`tokenhouse admin update realms/shop -r shop -s 'attributes."tokenhouse.exchange.unlisted"=deny'`, "gateway", "orders", false},
		"public, and not on a list": {"", "app", "billing", false},
	} {
		s := shop(t)
		if tt.setup != "" {
			if err := s.Admin(tt.setup); err != nil {
				t.Fatal(err)
			}
		}
		c := s.Realm.Client(tt.from)
		if got := exchange.Edge(s.Realm, c, tt.to, audience.NewSurvey(s.Realm, issuer).Of(c)); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
